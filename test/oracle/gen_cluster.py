#!/usr/bin/env python3
"""Writes random but valid clusters for comparing a compiler with the real kube-proxy.

usage: gen_cluster.py SEED COUNT OUTDIR [--services N] [--wide]

Each cluster is OUTDIR/<seed>-<i>/ with
  cluster.yaml  Nodes, Services, EndpointSlices and Endpoints
  config.yaml   a KubeProxyConfiguration (mode iptables; a caller may override the mode)
  oracle.json   {"node": …, "modes": […]}: the node to compile for
Everything follows from SEED: the same call gives the same bytes. --wide (gen_wide.py)
adds what is rare.
"""
import argparse, ipaddress, json, os, random

from gen_wide import Wide

ZONES = ["zone-a", "zone-b", "zone-c"]


def dump(docs, path):
    # JSON documents are YAML documents.
    with open(path, "w") as f:
        f.write("\n---\n".join(json.dumps(d, indent=1, sort_keys=True) for d in docs) + "\n")


class Gen:
    def __init__(self, rng, n_services):
        self.r = rng
        self.n = n_services
        self.used_ip, self.used_nodeport, self.hc = set(), set(), 0
        self.family = rng.choice(["ipv4", "ipv4", "ipv6", "dual", "dual"])

    def p(self, x):
        return self.r.random() < x

    def uniq(self, make):
        while True:
            v = str(ipaddress.ip_address(make()))  # the API server wants the canonical form
            if v not in self.used_ip:
                self.used_ip.add(v)
                return v

    def vip(self, fam):
        if fam == "IPv4":
            return self.uniq(lambda: f"10.96.{self.r.randrange(0, 16)}.{self.r.randrange(1, 255)}")
        return self.uniq(lambda: f"fd00:96::{self.r.randrange(1, 0xffff):x}")

    def ext(self, fam, pre):
        if fam == "IPv4":
            return self.uniq(lambda: f"{pre[0]}.{self.r.randrange(1, 255)}")
        return self.uniq(lambda: f"{pre[1]}::{self.r.randrange(1, 0xffff):x}")

    def podip(self, fam, node_i):
        if fam == "IPv4":
            return self.uniq(lambda: f"10.180.{node_i}.{self.r.randrange(2, 254)}")
        return self.uniq(lambda: f"fd00:10:180:{node_i}::{self.r.randrange(2, 0xffff):x}")

    def families(self):
        return {"ipv4": ["IPv4"], "ipv6": ["IPv6"], "dual": ["IPv4", "IPv6"]}[self.family]

    def nodes(self):
        self.node_names = [f"node-{i}" for i in range(self.r.randint(1, 4))]
        out = []
        for i, n in enumerate(self.node_names):
            addrs, cidrs = [], []
            for fam in self.families():
                addrs.append({"type": "InternalIP", "address": f"192.168.10.{10 + i}" if fam == "IPv4" else f"fd00:192::{10 + i:x}"})
                cidrs.append(f"10.180.{i}.0/24" if fam == "IPv4" else str(ipaddress.ip_network(f"fd00:10:180:{i}::/64")))
            labels = {"kubernetes.io/hostname": n}
            if self.p(0.8):
                labels["topology.kubernetes.io/zone"] = ZONES[i % 3]
            out.append({"apiVersion": "v1", "kind": "Node", "metadata": {"name": n, "labels": labels},
                        "spec": {"podCIDR": cidrs[0], "podCIDRs": cidrs}, "status": {"addresses": addrs}})
        self.me = self.r.choice(self.node_names)
        return out

    def config(self):
        r = self.r
        fams = self.families()
        cidr = ",".join("10.180.0.0/16" if f == "IPv4" else "fd00:10:180::/48" for f in fams)
        c = {"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "iptables",
             "iptables": {"masqueradeBit": r.choice([14, 14, 14, 10])},
             "detectLocalMode": r.choice(["ClusterCIDR", "ClusterCIDR", "ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix", ""]),
             "clusterCIDR": cidr}
        if c["detectLocalMode"] == "BridgeInterface":
            c["detectLocal"] = {"bridgeInterface": "cbr0"}
        if c["detectLocalMode"] == "InterfaceNamePrefix":
            c["detectLocal"] = {"interfaceNamePrefix": "veth"}
        if self.p(0.3):
            c["iptables"]["localhostNodePorts"] = r.choice([True, False])
        if self.p(0.2):
            c["iptables"]["masqueradeAll"] = True
        if self.p(0.3):
            c["nodePortAddresses"] = r.choice([["primary"], ["192.168.10.0/24"], ["192.168.10.0/24", "fd00:192::/64"], ["127.0.0.0/8"]])
        if self.p(0.4):
            c["ipvs"] = {"scheduler": r.choice(["rr", "lc", "wrr", "sh", "mh"])}
            if self.p(0.3):
                c["ipvs"]["strictARP"] = True
            if self.p(0.3):
                c["ipvs"]["excludeCIDRs"] = ["10.96.1.0/24"]
        if self.p(0.3):
            c["nftables"] = {"masqueradeAll": self.p(0.5), "masqueradeBit": r.choice([14, 9])}
        if self.p(0.12):
            c["conntrack"] = {"tcpBeLiberal": True}
        return c

    def service_cidrs(self):
        cidrs = ["10.96.0.0/12" if f == "IPv4" else "fd00:96::/112" for f in self.families()]
        out = [{"apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "kubernetes"}, "spec": {"cidrs": cidrs}}]
        if self.p(0.3):
            out.append({"apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "more"}, "spec": {"cidrs": ["10.200.0.0/16"]}})
        return out

    def service(self, i):
        r = self.r
        name, ns = f"{r.choice(['web', 'api', 'db', 'cache', 'mail'])}-{i}", r.choice(["default", "prod", "kube-system"])
        typ = r.choices(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "Headless"], [40, 25, 25, 3, 7])[0]
        meta = {"name": name, "namespace": ns, "uid": f"uid-{i}"}
        if typ == "ExternalName":
            return {"apiVersion": "v1", "kind": "Service", "metadata": meta,
                    "spec": {"type": "ExternalName", "externalName": "db.example.com", "sessionAffinity": "None"}}, [], []
        fams = self.families()
        if len(fams) == 2:
            fams = r.choice([["IPv4"], ["IPv6"], ["IPv4", "IPv6"], ["IPv6", "IPv4"]])
        ips = ["None"] if typ == "Headless" else [self.vip(f) for f in fams]
        spec = {"type": "ClusterIP" if typ == "Headless" else typ, "clusterIP": ips[0], "clusterIPs": ips, "ipFamilies": fams,
                "ipFamilyPolicy": "SingleStack" if len(fams) == 1 else "RequireDualStack",
                "internalTrafficPolicy": "Local" if self.p(0.15) else "Cluster", "sessionAffinity": "None", "ports": []}
        n = r.choices([1, 2, 3], [70, 20, 10])[0]
        for k in range(n):
            proto = r.choices(["TCP", "UDP", "SCTP"], [75, 20, 5])[0]
            port = {"port": r.choice([80, 443, 53, 3306, 6379, 8080]) + (k * 1000), "protocol": proto}
            port["targetPort"] = port["port"] + 7000
            if n > 1 or self.p(0.5):
                port["name"] = f"p{k}"
            if typ in ("NodePort", "LoadBalancer") and not (typ == "LoadBalancer" and self.p(0.15)):
                port["nodePort"] = self.uniq_nodeport()
            spec["ports"].append(port)
        if typ == "LoadBalancer" and any("nodePort" not in p for p in spec["ports"]):
            for p in spec["ports"]:
                p.pop("nodePort", None)
            spec["allocateLoadBalancerNodePorts"] = False
        if self.p(0.15) and typ != "Headless":
            spec["sessionAffinity"] = "ClientIP"
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": r.choice([10800, 60, 86400])}}
        if typ in ("NodePort", "LoadBalancer"):
            spec["externalTrafficPolicy"] = r.choice(["Cluster", "Cluster", "Local"])
        status = {}
        if typ == "LoadBalancer":
            if spec["externalTrafficPolicy"] == "Local":
                self.hc += 1
                spec["healthCheckNodePort"] = 31900 + self.hc
            ing = []
            if self.p(0.85):
                for f in fams:
                    e = {"ip": self.ext(f, ("203.0.113", "2001:db8:1"))}
                    e["ipMode"] = "Proxy" if self.p(0.1) else "VIP"
                    ing.append(e)
                if self.p(0.1):
                    ing.append({"hostname": "lb.example.com"})
            status = {"loadBalancer": {"ingress": ing}}
            if self.p(0.35):
                ranges = []
                for f in fams:
                    ranges += r.sample(["198.51.100.0/24", "192.0.2.0/25", "203.0.113.0/24", "192.168.10.0/24"] if f == "IPv4" else
                                       ["2001:db8:2::/64", "2001:db8:3::/56", "fd00:192::/64"], r.randint(1, 2))
                spec["loadBalancerSourceRanges"] = ranges
        if typ != "Headless" and self.p(0.12):
            spec["externalIPs"] = [self.ext(f, ("198.51.100", "2001:db8:5")) for f in fams]
        if self.p(0.03):
            meta["labels"] = {"service.kubernetes.io/service-proxy-name": "other-proxy"}
        if self.p(0.1):
            spec["publishNotReadyAddresses"] = True
        if self.p(0.1):
            spec["trafficDistribution"] = r.choice(["PreferClose", "PreferSameZone", "PreferSameNode"])
        svc = {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec, "status": status}
        if "IPv4" in fams and typ != "Headless" and self.p(0.08):
            return svc, [self.endpoints(svc)], fams
        slices = []
        for f in fams:
            slices += self.slices(svc, f, i)
        return svc, slices, fams

    def endpoints(self, svc):
        """Endpoints by hand, which the mirroring controller turns into slices (IPv4)."""
        r = self.r
        ready = [{"ip": self.podip("IPv4", 0)} for _ in range(r.randint(1, 3))]
        if self.p(0.5):
            ready[0]["nodeName"] = self.node_names[0]
        sub = {"addresses": ready, "ports": [{"name": p["name"], "port": p["targetPort"], "protocol": p["protocol"]} if "name" in p else
                                             {"port": p["targetPort"], "protocol": p["protocol"]} for p in svc["spec"]["ports"]]}
        if self.p(0.3):
            sub["notReadyAddresses"] = [{"ip": self.podip("IPv4", 0)}]
        return {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": svc["metadata"]["name"], "namespace": svc["metadata"]["namespace"]}, "subsets": [sub]}

    def uniq_nodeport(self):
        while True:
            v = self.r.randrange(30000, 31800)
            if v not in self.used_nodeport:
                self.used_nodeport.add(v)
                return v

    def slices(self, svc, fam, i):
        r, out = self.r, []
        hints = self.p(0.25)
        node_hints = self.p(0.12)
        for s in range(r.choices([0, 1, 2], [8, 80, 12])[0]):
            eps = []
            for _ in range(r.choices([0, 1, 2, 3, 5, 9], [8, 20, 30, 20, 14, 8])[0]):
                ni = r.randrange(len(self.node_names))
                ready, serving, term = r.choices([(True, True, False), (False, False, False), (False, True, True), (False, False, True)], [78, 8, 9, 5])[0]
                e = {"addresses": [self.podip(fam, ni)], "conditions": {"ready": ready, "serving": serving, "terminating": term}}
                if self.p(0.08):
                    e["conditions"] = {"ready": ready}
                if self.p(0.93):
                    e["nodeName"] = self.node_names[ni]
                z = ZONES[ni % 3]
                if self.p(0.8):
                    e["zone"] = z
                if hints and self.p(0.95):
                    e["hints"] = {"forZones": [{"name": r.choice([z, z, r.choice(ZONES)])}]}
                    if self.p(0.2):
                        e["hints"]["forNodes"] = [{"name": self.node_names[ni]}]
                if node_hints and "nodeName" in e:
                    e["hints"] = {"forNodes": [{"name": e["nodeName"]}], "forZones": [{"name": z}]}
                eps.append(e)
            ports = []
            for p in svc["spec"]["ports"]:
                if self.p(0.95):
                    ports.append({"name": p.get("name", ""), "port": p["targetPort"], "protocol": p["protocol"]})
            out.append({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": fam,
                        "metadata": {"name": f"{svc['metadata']['name']}-{fam.lower()}-{s}", "namespace": svc["metadata"]["namespace"],
                                     "labels": {"kubernetes.io/service-name": svc["metadata"]["name"],
                                                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}},
                        "endpoints": eps, "ports": ports})
        return out


def narrow(rng, services):
    g = Gen(rng, 0)
    docs = g.nodes()
    config = g.config()
    if g.p(0.4):
        docs += g.service_cidrs()
    for k in range(services or rng.randint(1, 14)):
        svc, sl, _ = g.service(k)
        docs += [svc] + sl
    return docs, config, {"node": g.me, "modes": ["iptables", "ipvs", "nftables", "env"], "nfacct": g.p(0.3)}


def main():
    a = argparse.ArgumentParser()
    a.add_argument("seed", type=int)
    a.add_argument("count", type=int)
    a.add_argument("out")
    a.add_argument("--services", type=int)
    a.add_argument("--wide", action="store_true")
    o = a.parse_args()
    for i in range(o.count):
        rng = random.Random(f"{o.seed}/{i}")
        docs, config, options = Wide(rng).cluster(o.services) if o.wide else narrow(rng, o.services)
        d = os.path.join(o.out, f"{o.seed}-{i:03d}")
        os.makedirs(d, exist_ok=True)
        dump(docs, os.path.join(d, "cluster.yaml"))
        dump([config], os.path.join(d, "config.yaml"))
        with open(os.path.join(d, "oracle.json"), "w") as f:
            json.dump(options, f)


if __name__ == "__main__":
    main()
