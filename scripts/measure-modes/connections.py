"""connections.py serve PORT: four processes that take connections, one at a time each. The first byte says what is wanted: c, one byte
and the end; e, every byte back; b, BULK bytes.
connections.py ADDRESS PORT: measures them all and prints a JSON object."""
import json, multiprocessing, os, socket, statistics, sys, time

BULK = 1 << 30
CHUNK = bytes(1 << 18)
CLIENTS, EACH = 4, 500


def serve(port):
    server = socket.create_server(("", port), backlog=1024)
    for _ in range(3):
        if os.fork() == 0:
            break
    while True:
        one, _ = server.accept()
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            answer(one)
        except OSError:
            pass
        one.close()


def answer(one):
    wanted = one.recv(1)
    if wanted == b"c":
        one.sendall(b"!")
    while wanted == b"e" and (byte := one.recv(1)):
        one.sendall(byte)
    if wanted == b"b":
        for _ in range(BULK // len(CHUNK)):
            one.sendall(CHUNK)


def connect(address, wanted):
    one = socket.create_connection(address, timeout=30)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    one.sendall(wanted)
    return one


def connections(address):
    times = []
    for _ in range(EACH):
        start = time.perf_counter_ns()
        with connect(address, b"c") as one:
            if one.recv(1) != b"!":
                raise SystemExit("no answer")
        times.append(time.perf_counter_ns() - start)
    return times


def lowest_decile(times):
    """Whatever else the machine does only ever adds to a time."""
    return statistics.quantiles(times, n=10)[0]


def main():
    if sys.argv[1] == "serve":
        return serve(int(sys.argv[2]))
    address = (sys.argv[1], int(sys.argv[2]))
    first_byte = lowest_decile(connections(address)) / 1000
    with multiprocessing.Pool(CLIENTS) as pool:
        start = time.perf_counter()
        pool.map(connections, [address] * CLIENTS, chunksize=1)
        rate = CLIENTS * EACH / (time.perf_counter() - start)
    times = []
    with connect(address, b"e") as one:
        for _ in range(4 * EACH):
            start = time.perf_counter_ns()
            one.sendall(b".")
            one.recv(1)
            times.append(time.perf_counter_ns() - start)
    buffer, received = bytearray(1 << 18), 0
    start = time.perf_counter()
    with connect(address, b"b") as one:
        while count := one.recv_into(buffer):
            received += count
    bulk = received / (time.perf_counter() - start) / 1e9
    if received != BULK:
        raise SystemExit(f"{received} bytes")
    print(json.dumps({"connections": rate, "firstByte": first_byte, "roundTrip": lowest_decile(times) / 1000, "bulk": bulk}))


main()
