//go:build ignore

// Go builds nothing of this file, which only stands beside what it is for.

// Preloaded into linux.uml: Linux 6.1's user-mode-linux keeps registers up to those of AVX-512 and sets only these, which a
// kernel on a processor with AMX refuses ("ptrace set fp regs failed, errno = 14"). Here they are set with all that follow.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

#define XSTATE ((void *)0x202)
// Offset of XSTATE_BV, whose bits 17 and 18 say that there are tiles of AMX.
#define XSTATE_BV 512

static long (*kernel_ptrace)(int, pid_t, void *, void *);

static long set_whole(pid_t pid, const struct iovec *known) {
  static __thread char whole[1 << 16] __attribute__((aligned(64)));
  struct iovec all = {whole, sizeof whole};
  long result = kernel_ptrace(PTRACE_GETREGSET, pid, XSTATE, &all);
  if (result != 0) return result;
  if (all.iov_len < known->iov_len) all.iov_len = known->iov_len;
  memcpy(whole, known->iov_base, known->iov_len);
  whole[XSTATE_BV + 2] &= ~0x06;
  return kernel_ptrace(PTRACE_SETREGSET, pid, XSTATE, &all);
}

long ptrace(enum __ptrace_request request, ...) {
  va_list args;
  va_start(args, request);
  pid_t pid = va_arg(args, pid_t);
  void *address = va_arg(args, void *);
  void *data = va_arg(args, void *);
  va_end(args);
  if (!kernel_ptrace) kernel_ptrace = dlsym(RTLD_NEXT, "ptrace");
  if (request == PTRACE_SETREGSET && address == XSTATE) return set_whole(pid, data);
  return kernel_ptrace(request, pid, address, data);
}
