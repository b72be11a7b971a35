# ipvs-trace-peer.py serve NAME: says its name and who calls, by TCP and UDP.
# ipvs-trace-peer.py call: reads lines "PLACE PROTOCOL ADDRESS PORT TIMES", and prints for each a line of JSON: the source address that
# the kernel takes, and what each connection was answered: `refused`, `timeout`, or the server's line.
import json
import socket
import sys
import threading

TCP_PORTS = (8080, 6443, 32000)
UDP_PORT = 5353


def plain(address):
    return address.removeprefix("::ffff:")


def serve_tcp(name, port):
    server = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    while True:
        connection, peer = server.accept()
        connection.sendall(f"{name}:{port} {plain(peer[0])}".encode())
        connection.close()


def serve_udp(name):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("", UDP_PORT))
    while True:
        _, peer = server.recvfrom(100)
        server.sendto(f"{name}:{UDP_PORT} {peer[0]}".encode(), peer)


def ask(protocol, family, address, port):
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(family, kind) as asking:
        asking.settimeout(1.5)
        try:
            asking.connect((address, port))
            if protocol == "udp":
                asking.send(b"?")
            return asking.recv(100).decode()
        except ConnectionRefusedError:
            return "refused"
        except TimeoutError:
            return "timeout"


def source_of(family, address):
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 9))
        return probe.getsockname()[0]


def call(line):
    place, protocol, address, port, times = line.split()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    answers = []
    while len(answers) < int(times) and "timeout" not in answers:
        answers.append(ask(protocol, family, address, int(port)))
    source = source_of(family, address)
    print(json.dumps({"call": line.strip(), "source": source, "answers": answers}), flush=True)


if sys.argv[1] == "serve":
    for tcp_port in TCP_PORTS:
        threading.Thread(target=serve_tcp, args=(sys.argv[2], tcp_port), daemon=True).start()
    serve_udp(sys.argv[2])
else:
    for each in sys.stdin:
        call(each)
