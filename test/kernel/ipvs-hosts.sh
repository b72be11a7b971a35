# ipvs-hosts.sh DIR...: within user-mode-linux, builds an empty host with DIR/ipvs.sh for each DIR, each in a network namespace
# of its own, and leaves beside it what the tools print then.
for dir in "$@"; do
  (cd "$dir" && unshare -n sh -c '
    ip link set lo up
    sh ipvs.sh >script.log 2>&1; echo $? >status
    ipvsadm -Sn >ipvsadm; ipset save >ipset; ip -o address show kube-ipvs0 >addresses
    iptables-save >iptables; ip6tables-save >ip6tables
    ipvsadm -C; sh ipvsadm.sh >>script.log 2>&1; ipvsadm -Sn >ipvsadm-again
    sysctl -n net.ipv4.vs.conntrack net.ipv4.conf.all.arp_announce >sysctl') || exit
done 2>&1
echo done
