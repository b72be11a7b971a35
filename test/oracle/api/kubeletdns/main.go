// kubeletdns: what the kubelet's own code puts into resolv.conf, of JSON
// {pod, clusterDNS, clusterDomain} lines from stdin; the node's own file is
// empty. Prints one JSON {servers, searches, options} a line, the options
// sorted, because the kubelet keeps them in a map.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"slices"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/kubelet/network/dns"
)

func main() {
	// A logger without a sink: what it warns about is in the result.
	ctx := klog.NewContext(context.Background(), klog.Logger{})
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var q struct {
			Pod           *v1.Pod
			ClusterDNS    string
			ClusterDomain string
		}
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			panic(err)
		}
		servers := []net.IP{net.ParseIP(q.ClusterDNS)}
		configurer := dns.NewConfigurer(record.NewFakeRecorder(1000), &v1.ObjectReference{}, nil, servers, q.ClusterDomain, os.DevNull)
		config, err := configurer.GetPodDNS(ctx, q.Pod)
		if err != nil {
			panic(err)
		}
		slices.Sort(config.Options)
		b, _ := json.Marshal(map[string][]string{"servers": config.Servers, "searches": config.Searches, "options": config.Options})
		fmt.Println(string(b))
	}
}
