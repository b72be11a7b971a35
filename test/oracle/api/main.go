// stages: answers of the real Kubernetes components (API server, controllers,
// kubelet's env code, CoreDNS) for folders of manifests. See README.md.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"syscall"
	"time"
)

var (
	fStages   = flag.String("stages", "validate,endpoints,env,dns", "comma list of validate,endpoints,env,dns")
	fOut      = flag.String("o", "", "write ONE json {cluster: result} here instead of <folder>/expected.json (\"-\": stdout)")
	fOutDir   = flag.String("out-dir", "", "write <out-dir>/<cluster name>.json instead of <folder>/expected.json")
	fBin      = flag.String("bin", "", "folder of kube-apiserver and kube-controller-manager (default: this binary's)")
	fCoreDNS  = flag.String("coredns", "", "coredns binary (default: next to this binary)")
	fCIDR     = flag.String("service-cidr", "10.96.0.0/12,fd00:10:96::/112", "--service-cluster-ip-range; one family gives a single-stack cluster, first family is the primary")
	fExtra    = flag.String("extra-cidrs", "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7,2001:db8::/32", "ServiceCIDR objects made for the clusters that need them, so that explicit clusterIPs outside -service-cidr are accepted; \"\" for none")
	fNodeP    = flag.String("node-ports", "30000-32767", "--service-node-port-range")
	fAuto     = flag.Bool("autonodes", false, "create the Nodes that pods name and the input lacks, and put pods that have an IP but no nodeName on Node auto-node (else the real controllers drop those endpoints)")
	fCheckEnv = flag.String("check-env", "", "path of bin/kubeletenv: hold every env block against kubelet's own function (result in notes)")
	fPin      = flag.Bool("pin", true, "instead of the server's random clusterIPs and nodePorts ask for fixed ones (where its dry run shows that it would allocate); listed under allocated all the same")
	fDomain   = flag.String("zone", "cluster.local", "cluster domain")
	fVariants = flag.Bool("variants", false, "dns: also ask by other types, in mixed case, and for names near those that exist")
	fKeep     = flag.Bool("v", false, "progress on stderr")
)

func logf(f string, a ...any) {
	if *fKeep {
		fmt.Fprintf(os.Stderr, f+"\n", a...)
	}
}

func fatal(f string, a ...any) {
	fmt.Fprintf(os.Stderr, "stages: "+f+"\n", a...)
	cleanup()
	os.Exit(2)
}

func main() {
	runtime.LockOSThread() // Pdeathsig belongs to the thread that starts the child
	flag.Parse()
	if *fBin == "" {
		exe, _ := os.Executable()
		*fBin = filepath.Dir(exe)
	}
	if abs, err := filepath.Abs(*fBin); err == nil {
		*fBin = abs
	}
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: stages [flags] FILE-OR-DIR...   (a DIR without *.yaml of its own: each of its sub-folders is a cluster)")
		flag.PrintDefaults()
		os.Exit(2)
	}
	if os.Getenv("ORACLE_NS") == "" { // re-exec in a network namespace of our own
		c := exec.Command("/proc/self/exe", os.Args[1:]...)
		c.Env = append(os.Environ(), "ORACLE_NS=1")
		c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
		c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGTERM}
		if err := c.Run(); err != nil {
			if e, ok := err.(*exec.ExitError); ok {
				os.Exit(e.ExitCode())
			}
			fatal("unshare: %v", err)
		}
		return
	}
	want := map[string]bool{}
	for _, s := range strings.Split(*fStages, ",") {
		want[s] = true
	}
	clusters := findClusters(flag.Args())
	if len(clusters) == 0 {
		fatal("no clusters found")
	}
	sig := make(chan os.Signal, 1)
	signal.Notify(sig, syscall.SIGINT, syscall.SIGTERM)
	go func() { <-sig; cleanup(); os.Exit(130) }()

	t0 := time.Now()
	startPlane(want["endpoints"] || want["dns"])
	logf("control plane up in %v", time.Since(t0).Round(time.Millisecond))
	all := map[string]*Result{}
	for i, c := range clusters {
		t := time.Now()
		r := runCluster(c, want)
		logf("%d/%d %s: %v", i+1, len(clusters), c.name, time.Since(t).Round(time.Millisecond))
		all[c.name] = r
		if *fOut == "" {
			p := filepath.Join(c.dir, "expected.json")
			if *fOutDir != "" {
				os.MkdirAll(*fOutDir, 0o755)
				p = filepath.Join(*fOutDir, c.name+".json")
			}
			writeJSON(p, r)
		}
	}
	if *fOut == "-" {
		os.Stdout.Write(marshal(all))
	} else if *fOut != "" {
		writeJSON(*fOut, all)
	}
	logf("%d clusters in %v", len(clusters), time.Since(t0).Round(time.Millisecond))
	cleanup()
}

func marshal(v any) []byte {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		fatal("%v", err)
	}
	return append(b, '\n')
}

func writeJSON(p string, v any) {
	if err := os.WriteFile(p, marshal(v), 0o644); err != nil {
		fatal("%v", err)
	}
}

type cluster struct {
	name, dir string
	files     []string
}

func isManifest(p string) bool {
	switch filepath.Ext(p) {
	case ".yaml", ".yml":
		return true
	}
	return false
}

func findClusters(args []string) (out []cluster) {
	seen := map[string]int{}
	add := func(c cluster) {
		if n := seen[c.name]; n > 0 {
			seen[c.name]++
			c.name = fmt.Sprintf("%s~%d", c.name, n)
		}
		seen[c.name]++
		out = append(out, c)
	}
	for _, a := range args {
		st, err := os.Stat(a)
		if err != nil {
			fatal("%v", err)
		}
		if !st.IsDir() {
			add(cluster{strings.TrimSuffix(filepath.Base(a), filepath.Ext(a)), filepath.Dir(a), []string{a}})
			continue
		}
		ents, _ := os.ReadDir(a)
		c := cluster{name: filepath.Base(filepath.Clean(a)), dir: a}
		var subs []string
		for _, e := range ents {
			p := filepath.Join(a, e.Name())
			if e.IsDir() {
				subs = append(subs, p)
			} else if isManifest(p) {
				c.files = append(c.files, p)
			}
		}
		if len(c.files) > 0 {
			sort.Strings(c.files)
			add(c)
			continue
		}
		if len(subs) > 0 {
			out2 := findClusters(subs)
			for _, c := range out2 {
				add(c)
			}
		}
	}
	return
}
