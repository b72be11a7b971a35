// Package common holds what the oracles of all older releases share. It is
// compiled once per release, against that release's own k8s.io modules.
package common

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"sort"
	"strings"

	v1 "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	endpointsv1 "k8s.io/kubernetes/pkg/api/v1/endpoints"
	utilnode "k8s.io/kubernetes/pkg/util/node"
	netutils "k8s.io/utils/net"
	"sigs.k8s.io/yaml"
)

// Config is the part of KubeProxyConfiguration v1alpha1 the oracles use. It is
// read by hand: the real package needs k8s.io/kube-proxy, which the module
// proxy does not have for every release.
type Config struct {
	Mode              string   `json:"mode"`
	ClusterCIDR       string   `json:"clusterCIDR"`
	NodePortAddresses []string `json:"nodePortAddresses"`
	HostnameOverride  string   `json:"hostnameOverride"`
	BindAddress       string   `json:"bindAddress"`
	DetectLocalMode   string   `json:"detectLocalMode"`
	DetectLocal       struct {
		BridgeInterface     string `json:"bridgeInterface"`
		InterfaceNamePrefix string `json:"interfaceNamePrefix"`
	} `json:"detectLocal"`
	IPTables struct {
		MasqueradeBit      *int  `json:"masqueradeBit"`
		MasqueradeAll      bool  `json:"masqueradeAll"`
		LocalhostNodePorts *bool `json:"localhostNodePorts"`
	} `json:"iptables"`
	Conntrack struct {
		TCPBeLiberal bool `json:"tcpBeLiberal"`
	} `json:"conntrack"`
	NFTables struct {
		MasqueradeBit *int `json:"masqueradeBit"`
		MasqueradeAll bool `json:"masqueradeAll"`
	} `json:"nftables"`
	IPVS struct {
		Scheduler string `json:"scheduler"`
		StrictARP bool   `json:"strictARP"`
	} `json:"ipvs"`
}

// Cluster is everything read from one set of files.
type Cluster struct {
	Services  []*v1.Service
	Slices    []*discovery.EndpointSlice
	Endpoints []*v1.Endpoints
	Nodes     []*v1.Node
	// CIDRs of all ServiceCIDR objects.
	ServiceCIDRs []string
	Config       Config
}

func Load(paths []string) (*Cluster, error) {
	c := &Cluster{}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		rd := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
		for {
			doc, err := rd.Read()
			if err != nil {
				break
			}
			js, err := yaml.YAMLToJSON(doc)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p, err)
			}
			if err := c.add(js); err != nil {
				return nil, fmt.Errorf("%s: %w", p, err)
			}
		}
	}
	return c, nil
}

func (c *Cluster) add(js []byte) error {
	var tm struct {
		Kind  string            `json:"kind"`
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(js, &tm); err != nil {
		return nil // null document
	}
	switch tm.Kind {
	case "KubeProxyConfiguration":
		return json.Unmarshal(js, &c.Config)
	case "Service":
		o := &v1.Service{}
		if err := json.Unmarshal(js, o); err != nil {
			return err
		}
		defaultService(o)
		c.Services = append(c.Services, o)
	case "EndpointSlice":
		o := &discovery.EndpointSlice{}
		if err := json.Unmarshal(js, o); err != nil {
			return err
		}
		ns(&o.Namespace)
		defaultSlice(o)
		c.Slices = append(c.Slices, o)
	case "Endpoints":
		o := &v1.Endpoints{}
		if err := json.Unmarshal(js, o); err != nil {
			return err
		}
		ns(&o.Namespace)
		for i := range o.Subsets {
			for k := range o.Subsets[i].Ports {
				if p := &o.Subsets[i].Ports[k]; p.Protocol == "" {
					p.Protocol = v1.ProtocolTCP
				}
			}
		}
		c.Endpoints = append(c.Endpoints, o)
	case "ServiceCIDR": // networking/v1 is not in every release's API
		var o struct {
			Spec struct {
				CIDRs []string `json:"cidrs"`
			} `json:"spec"`
		}
		if err := json.Unmarshal(js, &o); err != nil {
			return err
		}
		c.ServiceCIDRs = append(c.ServiceCIDRs, o.Spec.CIDRs...)
	case "Node":
		o := &v1.Node{}
		if err := json.Unmarshal(js, o); err != nil {
			return err
		}
		c.Nodes = append(c.Nodes, o)
	default:
		for _, it := range tm.Items {
			if err := c.add(it); err != nil {
				return err
			}
		}
	}
	return nil
}

func ns(p *string) {
	if *p == "" {
		*p = "default"
	}
}

// defaultService does what API defaulting and storage do for the fields the
// proxiers read; nothing is allocated.
func defaultService(s *v1.Service) {
	ns(&s.Namespace)
	sp := &s.Spec
	if sp.Type == "" {
		sp.Type = v1.ServiceTypeClusterIP
	}
	if sp.SessionAffinity == "" {
		sp.SessionAffinity = v1.ServiceAffinityNone
	}
	if sp.SessionAffinity == v1.ServiceAffinityClientIP &&
		(sp.SessionAffinityConfig == nil || sp.SessionAffinityConfig.ClientIP == nil || sp.SessionAffinityConfig.ClientIP.TimeoutSeconds == nil) {
		t := v1.DefaultClientIPServiceAffinitySeconds
		sp.SessionAffinityConfig = &v1.SessionAffinityConfig{ClientIP: &v1.ClientIPConfig{TimeoutSeconds: &t}}
	}
	if (sp.Type == v1.ServiceTypeNodePort || sp.Type == v1.ServiceTypeLoadBalancer) && sp.ExternalTrafficPolicy == "" {
		sp.ExternalTrafficPolicy = "Cluster"
	}
	if sp.InternalTrafficPolicy == nil && sp.Type != v1.ServiceTypeExternalName {
		x := v1.ServiceInternalTrafficPolicyType("Cluster")
		sp.InternalTrafficPolicy = &x
	}
	for i := range sp.Ports {
		p := &sp.Ports[i]
		if p.Protocol == "" {
			p.Protocol = v1.ProtocolTCP
		}
		if p.TargetPort == intstr.FromInt(0) || p.TargetPort == intstr.FromString("") {
			p.TargetPort = intstr.FromInt(int(p.Port))
		}
	}
	if sp.Type == v1.ServiceTypeExternalName {
		return
	}
	if sp.ClusterIP == "" && len(sp.ClusterIPs) > 0 {
		sp.ClusterIP = sp.ClusterIPs[0]
	}
	if len(sp.ClusterIPs) == 0 && sp.ClusterIP != "" {
		sp.ClusterIPs = []string{sp.ClusterIP}
	}
	if len(sp.IPFamilies) == 0 {
		for _, ip := range sp.ClusterIPs {
			f := v1.IPv4Protocol
			if strings.Contains(ip, ":") {
				f = v1.IPv6Protocol
			}
			sp.IPFamilies = append(sp.IPFamilies, f)
		}
	}
}

func defaultSlice(s *discovery.EndpointSlice) {
	for i := range s.Ports {
		p := &s.Ports[i]
		if p.Name == nil {
			x := ""
			p.Name = &x
		}
		if p.Protocol == nil {
			x := v1.ProtocolTCP
			p.Protocol = &x
		}
	}
}

// AllSlices is the slices, and for Services that have none, their Endpoints as
// the mirroring controller turns them into slices: repacked, then one slice a
// subset and family.
func (c *Cluster) AllSlices() []*discovery.EndpointSlice {
	out := append([]*discovery.EndpointSlice(nil), c.Slices...)
	have := map[types.NamespacedName]bool{}
	for _, s := range c.Slices {
		have[types.NamespacedName{Namespace: s.Namespace, Name: s.Labels[discovery.LabelServiceName]}] = true
	}
	services := map[types.NamespacedName]bool{}
	for _, s := range c.Services {
		services[types.NamespacedName{Namespace: s.Namespace, Name: s.Name}] = true
	}
	for _, ep := range c.Endpoints {
		nn := types.NamespacedName{Namespace: ep.Namespace, Name: ep.Name}
		_, leads := ep.Annotations["control-plane.alpha.kubernetes.io/leader"]
		if have[nn] || !services[nn] || leads || ep.Labels[discovery.LabelSkipMirror] == "true" {
			continue
		}
		for i, ss := range endpointsv1.RepackSubsets(ep.Subsets) {
			left := maxEndpointsPerSubset
			byFamily := map[discovery.AddressType]*discovery.EndpointSlice{}
			add := func(as []v1.EndpointAddress, ready bool) {
				for _, a := range as {
					ip := netutils.ParseIPSloppy(a.IP)
					if ip == nil || left == 0 {
						continue
					}
					left--
					at := discovery.AddressType(FamilyOf(ip))
					s := byFamily[at]
					if s == nil {
						s = mirroredSlice(ep, at, i, ss.Ports)
						byFamily[at] = s
						out = append(out, s)
					}
					r := ready
					e := discovery.Endpoint{Addresses: []string{ip.String()}, NodeName: a.NodeName}
					e.Conditions.Ready = &r
					s.Endpoints = append(s.Endpoints, e)
				}
			}
			add(ss.Addresses, true)
			add(ss.NotReadyAddresses, false)
		}
	}
	return out
}

const maxEndpointsPerSubset = 1000 // --mirroring-max-endpoints-per-subset default

func mirroredSlice(ep *v1.Endpoints, at discovery.AddressType, subset int, ports []v1.EndpointPort) *discovery.EndpointSlice {
	s := &discovery.EndpointSlice{AddressType: at}
	s.Namespace, s.Name = ep.Namespace, fmt.Sprintf("%s-%d-%s", ep.Name, subset, strings.ToLower(string(at)))
	s.Labels = map[string]string{}
	for k, v := range ep.Labels {
		s.Labels[k] = v
	}
	s.Labels[discovery.LabelServiceName] = ep.Name
	for _, p := range ports {
		p := p
		s.Ports = append(s.Ports, discovery.EndpointPort{Name: &p.Name, Port: &p.Port, Protocol: &p.Protocol})
	}
	return s
}

// AllEndpoints is the Endpoints, and for Services that have none, their slices
// of the Service's first family turned into Endpoints: ready endpoints as
// addresses, others as notReadyAddresses, one subset a slice.
func (c *Cluster) AllEndpoints() []*v1.Endpoints {
	out := append([]*v1.Endpoints(nil), c.Endpoints...)
	have := map[types.NamespacedName]*v1.Endpoints{}
	for _, e := range c.Endpoints {
		have[types.NamespacedName{Namespace: e.Namespace, Name: e.Name}] = e
	}
	made := map[types.NamespacedName]*v1.Endpoints{}
	for _, svc := range c.Services {
		nn := types.NamespacedName{Namespace: svc.Namespace, Name: svc.Name}
		if have[nn] != nil || len(svc.Spec.IPFamilies) == 0 {
			continue
		}
		for _, s := range c.Slices {
			if s.Namespace != nn.Namespace || s.Labels[discovery.LabelServiceName] != nn.Name || string(s.AddressType) != string(svc.Spec.IPFamilies[0]) {
				continue
			}
			e := made[nn]
			if e == nil {
				e = &v1.Endpoints{}
				e.Namespace, e.Name = nn.Namespace, nn.Name
				made[nn] = e
				out = append(out, e)
			}
			ss := v1.EndpointSubset{}
			for _, p := range s.Ports {
				if p.Port != nil {
					ss.Ports = append(ss.Ports, v1.EndpointPort{Name: *p.Name, Port: *p.Port, Protocol: *p.Protocol})
				}
			}
			for _, x := range s.Endpoints {
				a := v1.EndpointAddress{IP: x.Addresses[0], NodeName: x.NodeName}
				if x.Conditions.Ready == nil || *x.Conditions.Ready {
					ss.Addresses = append(ss.Addresses, a)
				} else {
					ss.NotReadyAddresses = append(ss.NotReadyAddresses, a)
				}
			}
			e.Subsets = append(e.Subsets, ss)
		}
	}
	return out
}

// Host is what kube-proxy learns from its Node object and from bindAddress.
type Host struct {
	Name    string
	Node    *v1.Node
	NodeIPs map[v1.IPFamily]net.IP // the Node's addresses, as 1.29 and later see them
	Local   []net.IP               // addresses on the host's interfaces: the Node's InternalIPs
}

func FamilyOf(ip net.IP) v1.IPFamily {
	if ip.To4() != nil {
		return v1.IPv4Protocol
	}
	return v1.IPv6Protocol
}

func (c *Cluster) Host(name string) *Host {
	if name == "" {
		name = c.Config.HostnameOverride
	}
	if name == "" && len(c.Nodes) > 0 {
		name = c.Nodes[0].Name
	}
	h := &Host{Name: strings.ToLower(strings.TrimSpace(name)),
		NodeIPs: map[v1.IPFamily]net.IP{v1.IPv4Protocol: net.IPv4(127, 0, 0, 1), v1.IPv6Protocol: net.IPv6loopback}}
	for _, n := range c.Nodes {
		if n.Name != h.Name {
			continue
		}
		h.Node = n
		for _, a := range n.Status.Addresses {
			if ip := netutils.ParseIPSloppy(a.Address); ip != nil && a.Type == v1.NodeInternalIP {
				h.Local = append(h.Local, ip)
			}
		}
	}
	for _, ip := range h.hostIPs() {
		h.NodeIPs[FamilyOf(ip)] = ip
	}
	if b := c.bindIP(); b != nil {
		h.NodeIPs[FamilyOf(b)] = b
	}
	return h
}

// hostIPs is the first address of the Node, InternalIPs before ExternalIPs, and
// the first one of the other family.
func (h *Host) hostIPs() []net.IP {
	if h.Node == nil {
		return nil
	}
	ips, _ := utilnode.GetNodeHostIPs(h.Node)
	return ips
}

// bindIP is bindAddress, nil when it is unspecified.
func (c *Cluster) bindIP() net.IP {
	if b := netutils.ParseIPSloppy(c.Config.BindAddress); b != nil && !b.IsUnspecified() {
		return b
	}
	return nil
}

// ExpandNodePortAddresses turns "primary" (1.29 and later) into CIDRs; releases
// that do not know the word are given the CIDRs, too.
func (c *Cluster) ExpandNodePortAddresses(h *Host) []string {
	var out []string
	for _, a := range c.Config.NodePortAddresses {
		if a != "primary" {
			out = append(out, a)
			continue
		}
		if ip := h.NodeIPs[v1.IPv4Protocol]; !ip.IsLoopback() {
			out = append(out, ip.String()+"/32")
		}
		if ip := h.NodeIPs[v1.IPv6Protocol]; !ip.IsLoopback() {
			out = append(out, ip.String()+"/128")
		}
	}
	return out
}

// DetectLocal is the kind of local traffic detector and its argument.
func (c *Cluster) DetectLocal(h *Host, f v1.IPFamily) (kind, arg string) {
	pick := func(cidrs []string) (string, string) {
		for _, x := range cidrs {
			if ip, _, err := net.ParseCIDR(strings.TrimSpace(x)); err == nil && FamilyOf(ip) == f {
				return "cidr", strings.TrimSpace(x)
			}
		}
		return "none", ""
	}
	switch c.Config.DetectLocalMode {
	case "", "ClusterCIDR":
		return pick(strings.Split(c.Config.ClusterCIDR, ","))
	case "NodeCIDR":
		if h.Node != nil {
			return pick(h.Node.Spec.PodCIDRs)
		}
	case "BridgeInterface":
		return "bridge", c.Config.DetectLocal.BridgeInterface
	case "InterfaceNamePrefix":
		return "prefix", c.Config.DetectLocal.InterfaceNamePrefix
	}
	return "none", ""
}

// SortedKeys of a map with string keys.
func SortedKeys[T any](m map[string]T) []string {
	var ks []string
	for k := range m {
		ks = append(ks, k)
	}
	sort.Strings(ks)
	return ks
}
