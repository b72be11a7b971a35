# idle-connections.sh PEER LOAD...: between a client and a host of two endpoints, a node that has loaded its rules by LOAD and that
# forgets idle connections after one second. Prints what PEER (idle-connections.py) says on both.
peer=$1; shift
ip link set lo up
unshare -n sleep 60 & client=$!
unshare -n sleep 60 & host=$!
trap 'kill $client $host' EXIT
sleep 0.3
for side in "$client 10.1.0" "$host 10.2.0"; do
  pid=${side% *}; net=${side#* }
  ip link add "v$pid" type veth peer name eth0 netns "$pid"
  ip addr add "$net.1/24" dev "v$pid"; ip link set "v$pid" up
  nsenter -t "$pid" -n sh -ec "ip link set lo up; ip addr add $net.2/24 dev eth0; ip addr add $net.3/24 dev eth0
    ip link set eth0 up; ip route add default via $net.1"
done
echo 1 >/proc/sys/net/ipv4/ip_forward
"$@"
echo 1 >/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established
echo 1 >/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_unacknowledged
nsenter -t "$host" -n timeout 20 python3 "$peer" serve & server=$!
sleep 0.7
nsenter -t "$client" -n python3 "$peer" ask
sleep 0.5
kill $server
