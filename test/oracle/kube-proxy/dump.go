package main

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// dumpObjects prints the objects as the proxier will see them, one a line.
func dumpObjects(c *Cluster) error {
	p := func(apiVersion, kind string, o runtime.Object) error {
		gv, _ := schema.ParseGroupVersion(apiVersion)
		o.GetObjectKind().SetGroupVersionKind(gv.WithKind(kind))
		b, err := json.Marshal(o)
		if err == nil {
			fmt.Println(string(b))
		}
		return err
	}
	for _, s := range c.Services {
		if err := p("v1", "Service", s); err != nil {
			return err
		}
	}
	for _, s := range c.Slices {
		if err := p("discovery.k8s.io/v1", "EndpointSlice", s); err != nil {
			return err
		}
	}
	for _, n := range c.Nodes {
		if err := p("v1", "Node", n); err != nil {
			return err
		}
	}
	return nil
}
