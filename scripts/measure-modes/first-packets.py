"""first-packets.py COUNT PORT ADDRESS...: how long the kernel takes over the first packet of a connection, one of
UDP from a new port each, in microseconds: a JSON list with the lowest decile of each address, because whatever else the machine
does only ever adds to a time. The call that sends returns once the packet has been through all rules.
first-packets.py sink PORT...: takes packets and reads none."""
import json, socket, statistics, sys, time


def sink(ports):
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in ports]
    for one, port in zip(sockets, ports):
        one.bind(("", int(port)))
    time.sleep(1e6)


def block(address, count, times):
    for _ in range(count):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        start = time.perf_counter_ns()
        one.sendto(b"?", address)
        times.append(time.perf_counter_ns() - start)
        one.close()


def main():
    if sys.argv[1] == "sink":
        return sink(sys.argv[2:])
    count, port = int(sys.argv[1]), int(sys.argv[2])
    addresses = [(address, port) for address in sys.argv[3:]]
    times = {address: [] for address in addresses}
    for address in addresses:
        block(address, 5, [])
    # Taking turns, in blocks, so that one walk does not push the other out of the caches.
    for _ in range(count // 50):
        for address in addresses:
            block(address, 50, times[address])
    print(json.dumps([statistics.quantiles(times[address], n=10)[0] / 1000 for address in addresses]))


main()
