"""Random clusters with what is rare, for `gen_cluster.py --wide`.

Every object is one that the API server accepts. What kube-proxy leaves to the
order of a Go map is left out: the same endpoint in two slices has the same
conditions, or exactly one of the two is not terminating (which is decided from
1.36 on, so such a cluster says "firstRelease": "1.36").
"""
import ipaddress

ZONES = ["zone-a", "zone-b", "zone-c"]
LONG_NAMESPACE = "n" * 63
LONG_NAME = "s" + "0123456789" * 6 + "-z"
LONG_PORT = "p" + "-9" * 31

# Names whose order as "ns/name:port" differs from the order of the three parts.
NAMESPACES = ["default", "a", "a-b", "a-b-c", "a0", "kube-system", "prod"]
NAMES = ["web", "web-1", "web-10", "web0", "w", "api", "api-v1", "a", "a-b", "zz-top"]
PORT_NAMES = ["a", "a-b", "a0", "http", "https", "http-2", "0a", "z", "9p", "dns", "dns-tcp"]

# Endpoint conditions with their weights; None: the field is absent.
CONDITIONS = [
    (40, {"ready": True, "serving": True, "terminating": False}),
    (12, {}),
    (8, {"ready": True}),
    (8, {"ready": False}),
    (6, {"ready": False, "serving": False, "terminating": False}),
    (9, {"ready": False, "serving": True, "terminating": True}),
    (5, {"ready": False, "serving": False, "terminating": True}),
    (3, {"ready": False, "terminating": True}),
    (2, {"serving": False}),
    (2, {"ready": True, "serving": True, "terminating": True}),
    (2, {"ready": None, "serving": None, "terminating": None}),
]


class Wide:
    def __init__(self, rng):
        self.r = rng
        self.family = rng.choice(["IPv4", "IPv6", "dual", "dual", "dual"])
        self.used_ip = set()
        self.used_node_ports = set()
        self.used_names = set()
        self.health_check_ports = iter(range(32000, 32700))
        self.modern = rng.random() < 0.35  # may have what older releases do not know or leave to chance
        self.first_release = None
        self.hints = rng.random() < 0.4  # most clusters have none, some are full of them

    # ---- small things

    def p(self, x):
        return self.r.random() < x

    def weighted(self, pairs):
        return self.r.choices([v for _, v in pairs], [w for w, _ in pairs])[0]

    def families(self):
        return ["IPv4", "IPv6"] if self.family == "dual" else [self.family]

    def unique_ip(self, make):
        while True:
            ip = str(ipaddress.ip_address(make()))
            if ip not in self.used_ip:
                self.used_ip.add(ip)
                return ip

    def cluster_ip(self, family):
        r = self.r
        if family == "IPv4":
            return self.unique_ip(lambda: f"10.{r.choice([96, 97, 111])}.{r.randrange(256)}.{r.randrange(1, 255)}")
        return self.unique_ip(lambda: f"fd00:96::{r.choice(['', 'a:', 'f:'])}{r.randrange(1, 0xffff):x}")

    def external_ip(self, family):
        r = self.r
        if family == "IPv4":
            return self.unique_ip(lambda: f"{r.choice(['203.0.113', '198.51.100'])}.{r.randrange(1, 255)}")
        return self.unique_ip(lambda: f"2001:db8:{r.choice(['1', '5:0:0:1', 'ffff:ffff'])}::{r.randrange(1, 0xffff):x}")

    def pod_ip(self, family, node):
        r = self.r
        if family == "IPv4":
            return self.unique_ip(lambda: f"10.180.{node}.{r.randrange(1, 255)}" if self.p(0.9) else f"9.{r.randrange(256)}.0.{r.randrange(1, 255)}")
        return self.unique_ip(lambda: f"fd00:10:180:{node}::{r.randrange(1, 0xffff):x}" if self.p(0.9) else f"fd01:{r.randrange(1, 0xffff):x}:0:1:0:0:0:{r.randrange(1, 0xffff):x}")

    # ---- nodes

    def node_address(self, family, i, k=0):
        return f"192.168.{10 + k}.{10 + i}" if family == "IPv4" else str(ipaddress.ip_address(f"fd00:192:{k:x}::{10 + i:x}"))

    def nodes(self):
        r = self.r
        self.node_names = [r.choice([f"node-{i}", f"{i}node.example.com", f"worker{i}"]) for i in range(r.randint(1, 4))]
        self.me = r.choice(self.node_names)
        out = []
        for i, name in enumerate(self.node_names):
            families = self.families()
            if self.p(0.25):
                families = families[::-1]
            if len(families) == 2 and self.p(0.15):
                families = families[:1]  # one family on the node, two in the cluster
            addresses = [{"type": "InternalIP", "address": self.node_address(f, i)} for f in families]
            if self.p(0.2):
                addresses += [{"type": "InternalIP", "address": self.node_address(f, i, 5)} for f in families]
            external = [{"type": "ExternalIP", "address": f"203.0.114.{i + 1}" if f == "IPv4" else f"2001:db8:e::{i + 1:x}"} for f in self.families()]
            style = self.weighted([(70, "internal"), (14, "both"), (8, "external"), (4, "external first"), (4, "none")])
            addresses = {"internal": addresses, "both": addresses + external, "external": external,
                         "external first": external + addresses, "none": []}[style]
            if self.p(0.4):
                addresses = [{"type": "Hostname", "address": name}] + addresses
            node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
                    "status": {"addresses": addresses}}
            if self.p(0.75):
                node["metadata"]["labels"]["topology.kubernetes.io/zone"] = ZONES[i % 3]
            if self.p(0.8):
                cidrs = [f"10.180.{i}.0/24" if f == "IPv4" else str(ipaddress.ip_network(f"fd00:10:180:{i}::/64")) for f in families]
                node["spec"] = {"podCIDR": cidrs[0], "podCIDRs": cidrs}
            out.append(node)
            if name == self.me:
                self.my_addresses = [a["address"] for a in addresses if a["type"] == "InternalIP"]
                self.host_ips = self.my_addresses + [a["address"] for a in addresses if a["type"] == "ExternalIP"]
                self.my_pod_cidrs = node.get("spec", {}).get("podCIDRs", [])
        return out

    def local_addresses(self):
        """Addresses on this node's interfaces, where they are not just its InternalIPs."""
        if not self.p(0.15):
            return None
        more = ["192.168.77.1", "169.254.20.10", "10.180.0.1", "fd00:192:7::1", "fe80::1", "203.0.114.9"]
        return self.my_addresses + self.r.sample(more, self.r.randint(1, 4))

    # ---- configuration

    def config(self):
        r = self.r
        pods = {"IPv4": "10.180.0.0/16", "IPv6": "fd00:10:180::/48"}
        families = self.families()
        if self.p(0.3):
            families = r.choice([["IPv4"], ["IPv6"], ["IPv6", "IPv4"]])
        c = {"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "iptables"}
        mode = self.weighted([(40, "ClusterCIDR"), (20, "NodeCIDR"), (10, "BridgeInterface"), (10, "InterfaceNamePrefix"), (10, ""), (10, None)])
        if mode is not None:
            c["detectLocalMode"] = mode
        if mode == "BridgeInterface":
            c["detectLocal"] = {"bridgeInterface": r.choice(["cbr0", "br-0123456789a"])}
        if mode == "InterfaceNamePrefix":
            c["detectLocal"] = {"interfaceNamePrefix": r.choice(["veth", "cali"])}
        if self.p(0.8):
            c["clusterCIDR"] = ",".join(pods[f] for f in families)
        ipt = {}
        if self.p(0.5):
            ipt["masqueradeBit"] = r.choice([0, 1, 14, 15, 20, 30, 31])
        if self.p(0.2):
            ipt["masqueradeAll"] = True
        if self.p(0.3):
            ipt["localhostNodePorts"] = r.choice([True, False])
        if ipt:
            c["iptables"] = ipt
        if self.p(0.5):
            c["nodePortAddresses"] = self.node_port_addresses()
        if self.p(0.15):
            c["conntrack"] = {"tcpBeLiberal": r.choice([True, False])}
        if self.p(0.25):
            own = [a for a in self.my_addresses]
            c["bindAddress"] = r.choice(["0.0.0.0", "::", "192.168.10.200", "fd00:192::c8", *own])
        if self.p(0.2):
            c["hostnameOverride"] = r.choice([self.me, f" {self.me.upper()} "])
        if mode == "NodeCIDR" and self.my_pod_cidrs:
            # kube-proxy does not start when these are all of the other family than its primary one.
            bind = c.get("bindAddress", "::")
            primary = bind if bind not in ("0.0.0.0", "::") else (self.host_ips or ["0.0.0.0"])[0]
            if all((":" in cidr) != (":" in primary) for cidr in self.my_pod_cidrs):
                c["detectLocalMode"] = "ClusterCIDR"
        return c

    def node_port_addresses(self):
        keywords = [(10, ["primary"]), (5, ["localhost"]), (4, ["all"]), (3, ["primary", "localhost"]), (2, ["primary", "203.0.114.0/24"])]
        words = self.weighted((keywords if self.modern else []) + [
            (8, ["127.0.0.0/8"]),
            (5, ["::1/128"]), (5, ["127.0.0.0/8", "::1/128"]), (8, ["192.168.10.0/24"]), (6, ["fd00:192::/64"]),
            (6, ["192.168.10.0/24", "fd00:192::/64"]), (4, ["0.0.0.0/0"]), (3, ["::/0"]), (3, ["0.0.0.0/0", "::/0"]),
            (3, ["192.168.0.0/16", "127.0.0.1/32"]), (3, ["10.250.0.0/16"]), (3, ["192.168.10.0/24", "0.0.0.0/0"]),
            (2, ["192.168.10.10/24", "192.168.0.0/16"]), (2, ["126.0.0.0/7"]),
        ])
        if {"localhost", "all"} & set(words):
            self.since("1.37")
        elif "primary" in words:
            self.since("1.31")
        return words

    def since(self, release):
        key = lambda s: [int(x) for x in s.split(".")]
        if self.first_release is None or key(self.first_release) < key(release):
            self.first_release = release

    # ---- Services

    def name(self):
        while True:
            namespace, name = self.r.choice(NAMESPACES), self.r.choice(NAMES)
            if self.p(0.04):
                namespace = LONG_NAMESPACE
            if self.p(0.04):
                name = LONG_NAME
            if self.p(0.06):
                name = self.r.choice(["0web", "1-a", "9"])
            if self.p(0.3):
                name = f"{name}-{self.r.randrange(100)}"[-63:]
            if (namespace, name) not in self.used_names:
                self.used_names.add((namespace, name))
                return namespace, name

    def metadata(self, namespace, name):
        meta = {"name": name}
        if namespace != "default" or self.p(0.6):
            meta["namespace"] = namespace
        return meta

    def ports(self, kind):
        r = self.r
        count = self.weighted([(60, 1), (20, 2), (12, 3), (6, 5), (2, 9)])
        names = r.sample(PORT_NAMES, count)
        if self.p(0.05):
            names[0] = LONG_PORT
        taken, ports = set(), []
        same_number = count > 1 and self.p(0.4)  # one number, several protocols
        for name in names:
            protocol = self.weighted([(70, "TCP"), (22, "UDP"), (8, "SCTP")])
            number = 53 if same_number else r.choice([1, 80, 443, 3306, 6379, 8080, 65535, r.randrange(1, 65536)])
            while (protocol, number) in taken:
                protocol, number = r.choice(["TCP", "UDP", "SCTP"]), r.choice([number, r.randrange(1, 65536)])
            taken.add((protocol, number))
            port = {"port": number}
            if protocol != "TCP" or self.p(0.6):
                port["protocol"] = protocol
            if count > 1 or self.p(0.5):
                port["name"] = name
            elif self.p(0.2):
                port["name"] = ""
            target = self.weighted([(60, r.randrange(1, 65536)), (20, None), (20, "named")])
            if target is not None:
                port["targetPort"] = target
            ports.append(port)
        if kind in ("NodePort", "LoadBalancer"):
            self.add_node_ports(ports)
        return ports

    def add_node_ports(self, ports):
        """The ports of a Service that have the same number may share a node port, too; others may not."""
        mine = {}
        for port in ports:
            if port["port"] in mine and self.p(0.7):
                number = mine[port["port"]]
            else:
                wanted = [30000, 31999, *(self.r.randrange(30000, 32000) for _ in range(20))]
                number = next(n for n in self.r.sample(wanted, len(wanted)) if n not in self.used_node_ports)
                self.used_node_ports.add(number)
            mine.setdefault(port["port"], number)
            port["nodePort"] = number

    def service(self):
        r = self.r
        namespace, name = self.name()
        kind = self.weighted([(34, "ClusterIP"), (24, "NodePort"), (30, "LoadBalancer"), (4, "ExternalName"), (8, "Headless")])
        if kind == "ExternalName":
            spec = {"type": "ExternalName", "externalName": "db.example.com"}
            if self.p(0.5):
                spec["ports"] = [{"port": 80, "name": "http"}]
            return {"apiVersion": "v1", "kind": "Service", "metadata": self.metadata(namespace, name), "spec": spec}
        families = self.families()
        if len(families) == 2:
            families = r.choice([["IPv4"], ["IPv6"], ["IPv4", "IPv6"], ["IPv6", "IPv4"]])
        meta = self.metadata(namespace, name)
        spec = self.addresses(kind, families)
        if not (kind == "Headless" and self.p(0.2)):
            spec["ports"] = self.ports(kind)
        if self.p(0.5):
            spec["selector"] = {"app": name[:20].rstrip("-")}
        if self.p(0.25):
            spec["sessionAffinity"] = "ClientIP"
            if self.p(0.7):
                spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": r.choice([1, 60, 10800, 86400])}}
        elif self.p(0.3):
            spec["sessionAffinity"] = "None"
        if kind != "Headless" and self.p(0.4):
            spec["internalTrafficPolicy"] = r.choice(["Cluster", "Local"])
        if kind != "Headless" and self.p(0.2):
            spec["externalIPs"] = [self.external_ip(f) for f in r.choices(["IPv4", "IPv6"], k=r.randint(1, 3))]
            if self.p(0.2):
                spec["externalIPs"].append(r.choice(self.my_addresses or spec["externalIPs"]))
        exposed = kind in ("NodePort", "LoadBalancer") or (kind == "ClusterIP" and "externalIPs" in spec)
        if exposed and self.p(0.7):
            spec["externalTrafficPolicy"] = r.choice(["Cluster", "Local"])
        if self.p(0.1):
            spec["publishNotReadyAddresses"] = True
        if self.p(0.1):
            spec["trafficDistribution"] = r.choice(["PreferClose", "PreferSameZone", "PreferSameNode"])
        if self.p(0.04):
            meta["labels"] = {"service.kubernetes.io/service-proxy-name": r.choice(["other-proxy", ""])}
        elif self.p(0.04):
            meta["labels"] = {"service.kubernetes.io/headless": ""}
        if self.p(0.05):
            meta["annotations"] = {r.choice(["service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints"]): r.choice(["Auto", "Disabled"])}
        service = {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}
        if kind == "LoadBalancer":
            self.load_balancer(service, families)
        return service

    def addresses(self, kind, families):
        spec = {} if kind in ("ClusterIP", "Headless") and self.p(0.5) else {"type": "ClusterIP" if kind == "Headless" else kind}
        if kind == "Headless":
            spec["clusterIP"] = "None"
            return spec
        ips = [self.cluster_ip(f) for f in families]
        spec["clusterIP"] = ips[0]
        if len(ips) == 2:
            spec.update(clusterIPs=ips, ipFamilies=families, ipFamilyPolicy=self.r.choice(["PreferDualStack", "RequireDualStack"]))
        elif self.p(0.5):
            spec.update(clusterIPs=ips, ipFamilies=families, ipFamilyPolicy="SingleStack")
        return spec

    def load_balancer(self, service, families):
        r, spec = self.r, service["spec"]
        if self.p(0.25):
            spec["allocateLoadBalancerNodePorts"] = False
            for port in spec["ports"]:
                if self.p(0.8):
                    port.pop("nodePort", None)
        if spec.get("externalTrafficPolicy") == "Local":
            spec["healthCheckNodePort"] = next(self.health_check_ports)
        if self.p(0.1):
            spec["loadBalancerClass"] = "example.com/lb"
        if self.p(0.15):
            spec["loadBalancerIP"] = "203.0.113.250"
        ingress = []
        for family in families * self.weighted([(15, 0), (60, 1), (20, 2), (5, 3)]):
            entry = {"ip": self.external_ip(family)}
            mode = self.weighted([(50, None), (35, "VIP"), (15, "Proxy")])
            if mode:
                entry["ipMode"] = mode
            ingress.append(entry)
        if self.p(0.1):
            ingress.append({"hostname": "lb.example.com"})
        if self.p(0.1):
            ingress.append({"ip": self.external_ip(r.choice(["IPv4", "IPv6"]))})
        if ingress or self.p(0.5):
            service["status"] = {"loadBalancer": {"ingress": ingress} if ingress else {}}
        if self.p(0.5):
            spec["loadBalancerSourceRanges"] = self.source_ranges()

    def source_ranges(self):
        v4 = ["198.51.100.0/24", "192.0.2.128/25", "203.0.113.7/32", "192.168.0.0/16", "192.168.10.0/24", "192.168.10.10/32", "10.0.0.0/8",
              " 100.64.0.0/10", "172.16.0.0/12 "]
        v6 = ["2001:db8:2::/64", "2001:db8:3::/56", "fd00:192::/64", "fd00::/8", "2001:db8::1/128", " 2001:db8:9::/48 "]
        ranges = self.r.sample(v4 + v6, self.r.randint(1, 5))
        if self.p(0.1):
            ranges.append(self.r.choice(["0.0.0.0/0", "::/0"]))
        return ranges

    # ---- EndpointSlices

    def endpoint(self, family):
        r = self.r
        node = r.randrange(len(self.node_names))
        endpoint = {"addresses": [self.pod_ip(family, node)]}
        conditions = self.weighted(CONDITIONS)
        if conditions or self.p(0.3):
            endpoint["conditions"] = dict(conditions)
        if self.p(0.88):
            endpoint["nodeName"] = self.node_names[node] if self.p(0.97) else "gone"
        if self.p(0.7):
            endpoint["zone"] = ZONES[node % 3]
        if self.p(0.1):
            endpoint["hostname"] = f"h{node}"
        if self.p(0.3):
            endpoint["targetRef"] = {"kind": "Pod", "name": f"pod-{r.randrange(1000)}", "uid": f"{r.getrandbits(64):x}"}
        if self.p(0.03):
            endpoint["addresses"].append(self.pod_ip(family, node))
        return endpoint, node

    def add_hints(self, endpoints):
        """To most endpoints of a slice, all or (when one lacks them) in vain."""
        r = self.r
        gap = self.p(0.2)
        both = self.weighted([(5, "zones"), (3, "nodes"), (3, "both")])
        for endpoint, node in endpoints:
            if gap and self.p(0.3):
                if self.p(0.5):
                    endpoint["hints"] = r.choice([{}, {"forZones": []}, {"forNodes": [], "forZones": []}])
                continue
            hints = {}
            if both != "nodes":
                zones = r.sample(ZONES, r.choice([1, 1, 1, 2])) if self.p(0.4) else [ZONES[node % 3]]
                hints["forZones"] = [{"name": z} for z in zones]
            if both != "zones" and (both == "nodes" or self.p(0.8)):
                hints["forNodes"] = [{"name": n} for n in r.sample(self.node_names, r.randint(1, len(self.node_names)))]
            endpoint["hints"] = hints

    def slices(self, service, family, large=False):
        r = self.r
        sliced = [self.one_slice(service, family, k, large) for k in range(self.weighted([(8, 0), (62, 1), (22, 2), (8, 3)]) or large)]
        if self.p(0.15) and sliced and sliced[0]["endpoints"]:
            self.duplicate(sliced, service, family)
        if self.p(0.04):
            sliced.append({**self.slice_head(service, family, "fqdn"), "addressType": "FQDN",
                           "endpoints": [{"addresses": ["backend.example.com"]}], "ports": [{"name": "http", "port": 80}]})
        for s in sliced:
            if self.p(0.04):
                s["metadata"]["labels"]["service.kubernetes.io/headless"] = ""
        return sliced

    def slice_head(self, service, family, tail):
        name, namespace = service["metadata"]["name"], service["metadata"].get("namespace", "default")
        return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": family,
                "metadata": {"name": f"{name}-{family.lower()}-{tail}", "namespace": namespace,
                             "labels": {"kubernetes.io/service-name": name}}}

    def one_slice(self, service, family, k, large):
        r = self.r
        count = r.randint(90, 400) if large else self.weighted([(8, 0), (22, 1), (28, 2), (22, 3), (14, 5), (6, 12)])
        endpoints = [self.endpoint(family) for _ in range(count)]
        same = self.weighted([(80, None), (10, "draining"), (5, "down"), (5, "elsewhere")])
        for endpoint, _ in endpoints:
            if same == "draining":
                endpoint["conditions"] = {"ready": False, "serving": True, "terminating": True}
            elif same == "down":
                endpoint["conditions"] = {"ready": False}
            elif same == "elsewhere" and endpoint.get("nodeName") == self.me:
                endpoint["nodeName"] = "gone"
        if self.hints and self.p(0.6):
            self.add_hints(endpoints)
        plain = [e for e, _ in endpoints]
        if self.modern and plain and self.p(0.1):  # the same address twice in one slice: the order of the list decides
            again = {**r.choice(plain)}
            again["conditions"] = dict(self.weighted(CONDITIONS))
            plain.append(again)
            self.since("1.36")
        head = self.slice_head(service, family, k)
        ports = self.slice_ports(service)
        if ports is not None:
            head["ports"] = ports
        head["endpoints"] = plain
        return head

    def slice_ports(self, service):
        r = self.r
        if self.p(0.03):
            return r.choice([None, []])
        ports = []
        for p in service["spec"].get("ports", []):
            if self.p(0.05):
                continue
            target = p.get("targetPort", p["port"])
            number = target if isinstance(target, int) and self.p(0.8) else r.randrange(1, 65536)
            port = {"port": number}
            if p.get("protocol", "TCP") != "TCP" or self.p(0.5):
                port["protocol"] = p.get("protocol", "TCP")
            if p.get("name"):
                port["name"] = p["name"]
            elif self.p(0.6):
                port["name"] = r.choice(["", None])
            if self.modern and self.p(0.03):
                port["port"] = r.choice([None, 0])
                self.since("1.31")  # kube-proxy 1.30 and before crash on a port without a number
            if self.p(0.02):
                port["protocol"] = r.choice(["TCP", "UDP", "SCTP"])
            if self.p(0.1):
                port["appProtocol"] = "kubernetes.io/h2c"
            ports.append(port)
        if self.p(0.1) and all(p.get("name") for p in ports):
            ports.append({"name": "extra", "port": 9999})
        r.shuffle(ports)
        return ports

    def duplicate(self, sliced, service, family):
        """One endpoint of the first slice once more, in a slice of its own with the same ports."""
        twin = dict(self.r.choice(sliced[0]["endpoints"]))
        if self.modern and self.p(0.7):
            terminating = {"ready": False, "serving": self.p(0.5), "terminating": True}
            running = {"ready": self.p(0.7), "terminating": False}
            original = next(e for e in sliced[0]["endpoints"] if e["addresses"] == twin["addresses"])
            if sum(e["addresses"][0] == twin["addresses"][0] for e in sliced[0]["endpoints"]) > 1:
                return
            first, second = self.r.sample([terminating, running], 2)
            original["conditions"], twin["conditions"] = first, second
            self.since("1.36")
        elif sum(e["addresses"][0] == twin["addresses"][0] for e in sliced[0]["endpoints"]) > 1:
            return
        copy = {**self.slice_head(service, family, "twin"), "endpoints": [twin]}
        if "ports" in sliced[0]:
            copy["ports"] = sliced[0]["ports"]
        sliced.append(copy)

    def stray_slices(self):
        """Slices of no Service here."""
        out = []
        if self.p(0.15):
            out.append({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "metadata": {"name": "orphan", "namespace": "default"},
                        "endpoints": [{"addresses": [self.pod_ip("IPv4", 0)]}], "ports": [{"port": 80}]})
        if self.p(0.15):
            gone = {"metadata": {"name": "gone", "namespace": "prod"}, "spec": {"ports": [{"port": 80}]}}
            out += [self.one_slice(gone, f, 0, False) for f in self.families()]
        return out

    # ---- Endpoints, which the mirroring controller turns into slices

    def endpoints(self, service):
        r = self.r
        meta = {k: v for k, v in service["metadata"].items() if k in ("name", "namespace")}
        if self.p(0.05):
            meta["labels"] = {"endpointslice.kubernetes.io/skip-mirror": r.choice(["true", "false"])}
        elif self.p(0.05):
            meta["labels"] = {"service.kubernetes.io/headless": ""}
        if self.p(0.04):
            meta["annotations"] = {"control-plane.alpha.kubernetes.io/leader": r.choice(['{"holderIdentity":"x"}', ""])}
        pool = [self.endpoint_address() for _ in range(r.randint(1, 6))]
        subsets = [self.subset(service, pool) for _ in range(self.weighted([(60, 1), (25, 2), (10, 3), (5, 0)]))]
        out = {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta}
        if subsets or self.p(0.5):
            out["subsets"] = subsets
        return out

    def endpoint_address(self):
        node = self.r.randrange(len(self.node_names))
        address = {"ip": self.pod_ip(self.r.choice(self.families()), node)}
        if self.p(0.6):
            address["nodeName"] = self.node_names[node]
        if self.p(0.2):
            address["hostname"] = "h"
        return address

    def subset(self, service, pool):
        r = self.r
        chosen = r.sample(pool, r.randint(1, len(pool)))
        cut = r.randint(0, len(chosen))
        if self.p(0.5):
            cut = len(chosen)
        subset = {}
        if chosen[:cut]:
            subset["addresses"] = chosen[:cut]
        if chosen[cut:]:
            subset["notReadyAddresses"] = chosen[cut:]
        ports = []
        for p in service["spec"].get("ports", []):
            if self.p(0.1) and len(service["spec"]["ports"]) > 1:
                continue
            target = p.get("targetPort", p["port"])
            port = {"port": target if isinstance(target, int) and self.p(0.8) else r.choice([8080, 9090])}
            if p.get("name"):
                port["name"] = p["name"]
            if p.get("protocol", "TCP") != "TCP" or self.p(0.3):
                port["protocol"] = p.get("protocol", "TCP")
            ports.append(port)
        if ports:
            subset["ports"] = ports
        return subset

    # ---- all of it

    def backing(self, service, large):
        kind = service["spec"].get("type", "ClusterIP")
        if kind == "ExternalName":
            return []
        out = []
        by_hand = self.weighted([(82, "slices"), (12, "endpoints"), (3, "both"), (3, "none")])
        if large:
            by_hand = "slices"
        if by_hand in ("endpoints", "both"):
            out.append(self.endpoints(service))
        if by_hand in ("slices", "both"):
            for family in self.families():
                if family in self.service_families(service) or self.p(0.1):
                    out += self.slices(service, family, large)
        return out

    def service_families(self, service):
        spec = service["spec"]
        if spec["clusterIP"] == "None":
            return self.families()
        return ["IPv6" if ":" in ip else "IPv4" for ip in spec.get("clusterIPs", [spec["clusterIP"]])]

    def cluster(self, services):
        docs = self.nodes()
        config = self.config()
        large = 0 if not self.p(0.04) else self.r.randint(2, 6)
        for k in range(services or self.r.randint(1, 12)):
            service = self.service()
            docs += [service] + self.backing(service, k < large)
        docs += self.stray_slices()
        if self.p(0.1):
            docs.append({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "nobody", "namespace": "prod"},
                         "subsets": [{"addresses": [{"ip": self.pod_ip("IPv4", 0)}], "ports": [{"port": 80}]}]})
        if self.p(0.5):
            self.r.shuffle(docs)
        if self.p(0.2):
            docs = [{"apiVersion": "v1", "kind": "List", "items": docs}]
        options = {"node": self.me, "nfacct": self.p(0.3)}
        if "hostnameOverride" in config and self.p(0.7):
            del options["node"]
        local = self.local_addresses()
        if local:
            options["localAddrs"] = local
        if self.first_release:
            options["firstRelease"] = self.first_release
        return docs, config, options
