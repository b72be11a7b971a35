# ipvs-trace.sh DIR: within user-mode-linux, a node with two Pods, two clients outside and another node behind it, joined by
# veth pairs. The node runs DIR/ipvs.sh and DIR/more.sh. DIR/answers gets a line of JSON for each line of DIR/calls, and DIR/dump.* is
# what the node's tools print.
set -e
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
mkdir -p /run/netns
for place in node pod1 pod2 client outsider other; do ip netns add $place; ip -n $place link set lo up; done
join() { # PLACE NEAR FAR NEAR6 FAR6
  ip -n node link add "to-$1" type veth peer name eth0 netns "$1"
  ip -n node address add "$2/28" dev "to-$1"; ip -n node -6 address add "$4/112" dev "to-$1" nodad
  ip -n "$1" address add "$3/28" dev eth0; ip -n "$1" -6 address add "$5/112" dev eth0 nodad
  ip -n node link set "to-$1" up; ip -n "$1" link set eth0 up
  ip -n "$1" route add default via "$2"; ip -n "$1" -6 route add default via "$4"
}
join pod1 10.244.1.1 10.244.1.5 fd00:10:244:1::1 fd00:10:244:1::5
join pod2 10.244.1.17 10.244.1.21 fd00:10:244:1::1:1 fd00:10:244:1::1:5
join client 172.18.0.2 172.18.0.9 fd00:172:18::2 fd00:172:18::9
join outsider 172.18.0.65 172.18.0.66 fd00:172:18::1:1 fd00:172:18::1:6
join other 172.18.0.33 172.18.0.34 fd00:172:18::2:1 fd00:172:18::2:2
ip -n other address add 10.244.2.5/32 dev lo
ip -n node route add 10.244.2.0/24 via 172.18.0.34
ip netns exec node sysctl -q -w net.ipv6.conf.all.forwarding=1
modprobe -d /run/uml -a ip_vs_fo ip_vs_dh
ip netns exec node sh ipvs.sh
ip netns exec node sh more.sh
ip netns exec node iptables-save >dump.iptables
ip netns exec node ip6tables-save >dump.ip6tables
ip netns exec node ipset save >dump.ipset
ip netns exec node ip address show >dump.addresses
ip netns exec node ipvsadm -Sn >dump.ipvsadm
ip netns exec node ipvsadm -Ln >dump.listed
servers=
for place in pod1 pod2 other node; do
  ip netns exec $place python3 "$here/ipvs-trace-peer.py" serve $place &
  servers="$servers $!"
done
sleep 2
for place in pod1 client outsider node; do
  grep "^$place " calls | ip netns exec $place python3 "$here/ipvs-trace-peer.py" call >>answers
done
kill $servers
echo done
