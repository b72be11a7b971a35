#!/usr/bin/env python3
"""Writes random clusters for comparing their DNS with the real CoreDNS.

usage: gen_dns.py SEED COUNT OUTDIR

Each cluster is OUTDIR/<seed>-<i>/cluster.yaml: Nodes, Pods of all states and subdomains, Services of all
types that DNS knows, chains and circles of ExternalNames, slices of all address types, Endpoints.
Everything follows from SEED: the same call gives the same bytes.
"""
import ipaddress, json, os, random, sys

NAMESPACES = ["default", "prod", "a-b", "svc", "pod", "x1"]
NAMES = ["web", "db", "api-v1", "a", "svc", "pod", "tcp", "kube-dns", "n" * 63, "dns-version", "mail", "w2"]
PORTS = ["http", "sql", "dns-tcp", "a", "9p", "tcp", "p-" + "9" * 10]
HOSTNAMES = ["h", "h0", "web", "one", "10-1-1-1", "H1", "z" * 63]
DOMAINS = ["example.org", "a.b.example.com", "example.org.", "x", "cluster.local", "10-1-1-1.default.pod.cluster.local",
           "kubernetes.default.svc.cluster.local", "nope.default.svc.cluster.local", "ns.dns.cluster.local",
           "1.0.96.10.in-addr.arpa", "2.1.244.10.in-addr.arpa"]


class Gen:
    def __init__(self, rng):
        self.r = rng
        self.taken = {"10.96.0.1", "10.96.0.10"}
        self.namespaces = rng.sample(NAMESPACES, rng.randint(1, 3))
        self.pods = []

    def p(self, chance):
        return self.r.random() < chance

    def address(self, family):
        while True:
            x, y = self.r.randint(0, 3), self.r.randint(2, 250)
            ip = f"10.244.{x}.{y}" if family == "IPv4" else self.r.choice(
                [f"fd00:10:244:{x}::{y:x}", f"fd00:10:244:{x}::", f"fd00::{x}:0:0:{y:x}", f"fd00:10:244:{x}:1:2:3:{y:x}"])
            ip = str(ipaddress.ip_address(ip))
            if ip not in self.taken or self.p(0.05):
                self.taken.add(ip)
                return ip

    def cluster_ip(self, family):
        while True:
            ip = f"10.96.{self.r.randint(1, 200)}.{self.r.randint(1, 250)}" if family == "IPv4" else f"fd00:10:96::{self.r.randint(16, 65000):x}"
            if ip not in self.taken:
                self.taken.add(ip)
                return ip

    def pod(self, i):
        r = self.r
        meta = {"name": f"pod-{i}", "namespace": r.choice(self.namespaces), "labels": {"app": r.choice(["web", "db", "api"])}}
        spec = {"nodeName": r.choice(["worker0", "worker1"]), "containers": [
            {"name": "c", "image": "c", "ports": [{"name": "named", "containerPort": r.randint(1, 65535)}] if self.p(0.6) else []}]}
        if self.p(0.4):
            spec["hostname"] = r.choice(HOSTNAMES).lower()
        if self.p(0.5):
            spec["subdomain"] = r.choice(NAMES)
        if self.p(0.1):
            spec["hostNetwork"] = True
        families = r.choice([["IPv4"], ["IPv4"], ["IPv4", "IPv6"], ["IPv6", "IPv4"], ["IPv6"]])
        ips = [self.address(f) for f in families]
        if self.p(0.1):
            ips = []
        phase = r.choice(["Running"] * 8 + ["Pending", "Succeeded", "Failed"])
        status = {"phase": phase, "conditions": [{"type": "Ready", "status": r.choice(["True", "True", "True", "False"])}]}
        if ips:
            status["podIP"] = ips[0]
            status["podIPs"] = [{"ip": ip} for ip in ips]
        return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}

    def ports(self):
        r, out, seen = self.r, [], set()
        names = r.sample(PORTS, r.randint(1, 3))
        for name in names:
            protocol = r.choice(["TCP", "TCP", "UDP", "SCTP"])
            port = {"port": r.randint(1, 65535), "protocol": protocol}
            if len(names) > 1 or self.p(0.6):
                port["name"] = name
            if self.p(0.4):
                port["targetPort"] = r.choice(["named", r.randint(1, 65535)])
            if (port["port"], protocol) not in seen:
                seen.add((port["port"], protocol))
                out.append(port)
        return out

    def service(self, name, namespace):
        r = self.r
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}}
        kind = r.choice(["cluster", "cluster", "headless", "headless", "bare", "bare", "external"])
        if kind == "external":
            target = r.choice(DOMAINS) if self.p(0.5) else f"{r.choice(NAMES)}.{r.choice(self.namespaces)}.svc.cluster.local"
            service["spec"] = {"type": "ExternalName", "externalName": target}
            if self.p(0.3):
                service["spec"]["ports"] = self.ports()
            return [service]
        spec = service["spec"] = {"ports": self.ports()}
        if self.p(0.3):
            spec["publishNotReadyAddresses"] = True
        families = r.choice([["IPv4"], ["IPv4"], ["IPv4", "IPv6"], ["IPv6"], ["IPv6", "IPv4"]])
        spec["ipFamilies"] = families
        spec["ipFamilyPolicy"] = "RequireDualStack" if len(families) > 1 else "SingleStack"
        if kind == "cluster" or (kind == "bare" and self.p(0.4)):
            ips = [self.cluster_ip(f) for f in families]
            spec["clusterIP"], spec["clusterIPs"] = ips[0], ips
        else:
            spec["clusterIP"] = "None"
            if self.p(0.2):
                del spec["ports"]
        if kind != "bare":
            spec["selector"] = {"app": r.choice(["web", "db", "api", "nobody"])}
            return [service]
        return [service] + (self.endpoints(service) if self.p(0.3) else self.slices(service, r.randint(0, 3)))

    def slices(self, service, count):
        r, out = self.r, []
        for i in range(count):
            family = r.choice(["IPv4", "IPv4", "IPv6", "FQDN"] if self.p(0.2) else ["IPv4", "IPv6"])
            endpoints = []
            for _ in range(r.randint(0, 5)):
                endpoint = {"addresses": [r.choice(["host.example.org", "b.test"]) if family == "FQDN" else self.address(family)]}
                if self.p(0.4):
                    endpoint["hostname"] = r.choice(HOSTNAMES).lower()
                if self.p(0.7):
                    ready = self.p(0.7)
                    endpoint["conditions"] = {"ready": ready, "serving": ready or self.p(0.5), "terminating": self.p(0.2)}
                endpoints.append(endpoint)
            ports = [{"name": r.choice(PORTS + [""]), "port": r.randint(1, 65535), "protocol": r.choice(["TCP", "UDP"])}
                     for _ in range(r.choice([0, 1, 1, 1]))]
            out.append({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": family, "endpoints": endpoints, "ports": ports,
                        "metadata": {"name": f"{service['metadata']['name'][:40]}-{i}", "namespace": service["metadata"]["namespace"],
                                     "labels": {"kubernetes.io/service-name": service["metadata"]["name"]}}})
        return out

    def endpoints(self, service):
        r = self.r
        address = lambda: {"ip": self.address("IPv4"), **({"hostname": r.choice(HOSTNAMES).lower()} if self.p(0.4) else {})}
        subset = {"addresses": [address() for _ in range(r.randint(1, 4))],
                  "ports": [{"name": port.get("name", ""), "port": r.randint(1, 65535), "protocol": port["protocol"]} for port in service["spec"].get("ports", [])]}
        if self.p(0.3):
            subset["notReadyAddresses"] = [address() for _ in range(r.randint(1, 2))]
        return [{"apiVersion": "v1", "kind": "Endpoints", "metadata": dict(service["metadata"]), "subsets": [subset]}]

    def cluster(self):
        docs = [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"worker{i}"}} for i in range(2)]
        docs += [self.pod(i) for i in range(self.r.randint(0, 12))]
        for namespace in self.namespaces:
            for name in self.r.sample(NAMES, self.r.randint(1, 6)):
                docs += self.service(name, namespace)
        return docs


def main():
    seed, count, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    for i in range(count):
        folder = os.path.join(out, f"{seed}-{i:03d}")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "cluster.yaml"), "w") as f:
            for document in Gen(random.Random(f"{seed}/{i}")).cluster():
                f.write(f"---\n{json.dumps(document, indent=1, sort_keys=True)}\n")


if __name__ == "__main__":
    main()
