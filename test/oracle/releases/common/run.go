package common

import (
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	utilexec "k8s.io/utils/exec"
	netutils "k8s.io/utils/net"
)

// Args is what a release's constructor gets.
type Args struct {
	Family             v1.IPFamily
	IPT                *RecIPT
	Sysctl             *FakeSysctl
	Exec               utilexec.Interface
	Sync               time.Duration
	MasqAll, Localhost bool
	MasqBit            int
	DetKind, DetArg    string // none, cidr, bridge, prefix
	Hostname           string
	NodeIP             net.IP
	NodePortAddresses  []string
	Scheduler          string
	StrictARP          bool
}

// FamilyNodePortAddresses is NodePortAddresses of the family only: what the
// dual-stack constructors up to 1.27 pass on.
func (a *Args) FamilyNodePortAddresses() []string {
	var out []string
	for _, x := range a.NodePortAddresses {
		if strings.Contains(x, ":") == (a.Family == v1.IPv6Protocol) {
			out = append(out, x)
		}
	}
	return out
}

// Provider is the part of proxy.Provider all releases share.
type Provider interface {
	OnServiceAdd(*v1.Service)
	OnEndpointSliceAdd(*discovery.EndpointSlice)
	OnEndpointSlicesSynced()
	OnServiceSynced()
}

// Release is what a release's main package provides.
type Release struct {
	Name     string
	IPTables func(*Args) (Provider, error)
	// NFTPrimary: kube-proxy itself makes an empty nodePortAddresses "primary" in
	// nftables mode (1.31 and later; 1.30 does it in the constructor, 1.29 not at all).
	NFTPrimary bool
	// ServiceCIDRs: kube-proxy watches ServiceCIDR objects (gate MultiCIDRServiceAllocator, on by default in 1.33 and later).
	ServiceCIDRs bool
	// NFTables: after the sync tx returns the transactions' text.
	NFTables func(*Args) (p Provider, tx func() []string, dump func() string, err error)
	// IPVS: after the sync dump returns ipset restore text, ipvsadm -Sn text and bound addresses.
	IPVS func(*Args, *Host) (p Provider, dump func() (ipset, ipvsadm, addrs string), err error)
}

func feed(rel *Release, p Provider, fam v1.IPFamily, c *Cluster, h *Host) {
	at := discovery.AddressType(fam)
	if h.Node != nil {
		if x, ok := p.(interface{ OnNodeAdd(*v1.Node) }); ok { // up to 1.33
			x.OnNodeAdd(h.Node)
		}
		if x, ok := p.(interface{ OnTopologyChange(map[string]string) }); ok { // 1.34 and later
			if z, ok := h.Node.Labels[v1.LabelTopologyZone]; ok {
				x.OnTopologyChange(map[string]string{v1.LabelTopologyZone: z})
			}
		}
	}
	for _, s := range c.Services {
		if _, has := s.Labels["service.kubernetes.io/service-proxy-name"]; has {
			continue
		}
		if s.Spec.ClusterIP == v1.ClusterIPNone {
			continue
		}
		p.OnServiceAdd(s)
	}
	for _, s := range c.AllSlices() {
		if _, has := s.Labels[v1.IsHeadlessService]; has {
			continue
		}
		if s.AddressType == at {
			p.OnEndpointSliceAdd(s)
		}
	}
	if x, ok := p.(interface{ OnServiceCIDRsChanged([]string) }); ok { // 1.30 and later
		cidrs := slices.Clone(c.ServiceCIDRs)
		if !rel.ServiceCIDRs {
			cidrs = nil
		}
		slices.Sort(cidrs)
		x.OnServiceCIDRsChanged(slices.Compact(cidrs)) // kube-proxy: in no order
	}
	p.OnEndpointSlicesSynced()
	p.OnServiceSynced()
}

// haveCounters makes the iptables proxier believe that its nfacct counters were
// made; without a runner (field nfacct) it does not look again.
func haveCounters(p any) {
	if m, ok := Field(p, "nfAcctCounters"); ok {
		for _, name := range m.MapKeys() {
			m.SetMapIndex(name, reflect.ValueOf(true))
		}
	}
}

// Main is the command line of a release's oracle:
//
//	oracle [--mode iptables,nftables,ipvs] [--node N] [--family ipv4|ipv6|dual] [--nfacct] -o OUTDIR FILE...
//
// Text comes out as the proxier made it; the caller brings it to normal form.
func Main(rel *Release) {
	mode := flag.String("mode", "iptables", "iptables, nftables, ipvs, comma separated")
	node := flag.String("node", "", "node name")
	family := flag.String("family", "dual", "ipv4, ipv6, dual")
	out := flag.String("o", ".", "output folder")
	nfacct := flag.Bool("nfacct", false, "iptables: the kernel has nfacct (1.31 and later)")
	addrs := flag.String("local-addrs", "", "addresses on the host's interfaces (default: the Node's InternalIPs)")
	flag.Parse()
	if err := run(rel, strings.Split(*mode, ","), *node, *family, *addrs, *out, *nfacct, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, rel.Name+":", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(rel *Release, modes []string, node, family, addrs, out string, nfacct bool, files []string) error {
	c, err := Load(files)
	if err != nil {
		return err
	}
	h := c.Host(node)
	if addrs != "" {
		h.Local = nil
		for _, s := range strings.Split(addrs, ",") {
			if ip := netutils.ParseIPSloppy(s); ip != nil {
				h.Local = append(h.Local, ip)
			}
		}
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	put := func(name, text string) {
		if err == nil {
			err = os.WriteFile(filepath.Join(out, name), []byte(text), 0o644)
		}
	}
	fams := []v1.IPFamily{v1.IPv4Protocol, v1.IPv6Protocol}
	switch family {
	case "ipv4":
		fams = fams[:1]
	case "ipv6":
		fams = fams[1:]
	}
	for _, m := range modes {
		sysctl := &FakeSysctl{Vals: map[string]int{}}
		if c.Config.Conntrack.TCPBeLiberal {
			sysctl.Vals["net/netfilter/nf_conntrack_tcp_be_liberal"] = 1
		}
		ipsetAll, admAll, addrAll := "", "", ""
		for _, fam := range fams {
			a := &Args{Family: fam, IPT: &RecIPT{Family: string(fam)}, Sysctl: sysctl, Exec: NoExec{}, Sync: 24 * time.Hour,
				MasqAll: c.Config.IPTables.MasqueradeAll, Localhost: true, MasqBit: 14, Hostname: h.Name, NodeIP: h.NodeIPs[fam],
				NodePortAddresses: c.ExpandNodePortAddresses(h), Scheduler: c.Config.IPVS.Scheduler, StrictARP: c.Config.IPVS.StrictARP}
			if x := c.Config.IPTables.MasqueradeBit; x != nil {
				a.MasqBit = *x
			}
			if x := c.Config.IPTables.LocalhostNodePorts; x != nil {
				a.Localhost = *x
			}
			a.DetKind, a.DetArg = c.DetectLocal(h, fam)
			common := func(p Provider) {
				SetField(p, "serviceHealthServer", FakeHealth{})
				SetField(p, "networkInterfacer", &FakeNetwork{h})
			}
			pre := m + "." + strings.ToLower(string(fam)) + "."
			var p Provider
			var err2 error
			var dump func() (string, string, string)
			switch m {
			case "iptables":
				a.IPT.Canary = true
				p, err2 = rel.IPTables(a)
			case "ipvs":
				if rel.IPVS == nil {
					continue
				}
				p, dump, err2 = rel.IPVS(a, h)
			case "nftables":
				if rel.NFTables == nil {
					continue
				}
				a.MasqAll, a.MasqBit = c.Config.NFTables.MasqueradeAll, 14
				if x := c.Config.NFTables.MasqueradeBit; x != nil {
					a.MasqBit = *x
				}
				if rel.NFTPrimary && len(c.Config.NodePortAddresses) == 0 { // platformApplyDefaults
					c2 := *c
					c2.Config.NodePortAddresses = []string{"primary"}
					a.NodePortAddresses = c2.ExpandNodePortAddresses(h)
				}
				p, tx, dumpn, err3 := rel.NFTables(a)
				if err3 != nil {
					return err3
				}
				common(p)
				feed(rel, p, fam, c, h)
				put(pre+"tx", strings.Join(tx(), ""))
				put(pre+"dump", dumpn())
				continue
			default:
				return fmt.Errorf("unknown mode %q", m)
			}
			if err2 != nil {
				return err2
			}
			common(p)
			if nfacct {
				haveCounters(p)
			}
			feed(rel, p, fam, c, h)
			if len(a.IPT.Restores) != 1 {
				return fmt.Errorf("%s%d iptables-restore calls, want 1", pre, len(a.IPT.Restores))
			}
			put(pre+"setup", a.IPT.Setup())
			put(pre+"setup-restore", a.IPT.SetupRestore())
			put(pre+"restore", a.IPT.Restores[0])
			if dump != nil {
				x, y, z := dump()
				ipsetAll, admAll, addrAll = ipsetAll+x, admAll+y, addrAll+z
			}
		}
		if m == "ipvs" && rel.IPVS != nil {
			put("ipvs.ipset", ipsetAll)
			put("ipvs.ipvsadm", admAll)
			put("ipvs.addrs", addrAll)
		}
		if m != "nftables" {
			sort.Strings(sysctl.Sets)
			t := ""
			for _, x := range sysctl.Sets {
				t += x + "\n"
			}
			put(m+".sysctl", t)
		}
	}
	return err
}
