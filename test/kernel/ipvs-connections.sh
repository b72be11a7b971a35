# ipvs-connections.sh DIR: within user-mode-linux, a node with a Pod and a client outside, joined by veth pairs. The node runs
# DIR/ipvs.sh; DIR/answers gets a line for each connection: who calls, what, and whom the Pod saw, or nothing.
set -e
cd "$1"
mkdir -p /run/netns
for place in node pod client; do ip netns add $place; ip -n $place link set lo up; done
join() { # PLACE NEAR FAR NEAR6 FAR6
  ip -n node link add "to-$1" type veth peer name eth0 netns "$1"
  ip -n node address add "$2/24" dev "to-$1"; ip -n node -6 address add "$4/64" dev "to-$1" nodad
  ip -n "$1" address add "$3/24" dev eth0; ip -n "$1" -6 address add "$5/64" dev eth0 nodad
  ip -n node link set "to-$1" up; ip -n "$1" link set eth0 up
  ip -n "$1" route add default via "$2"; ip -n "$1" -6 route add default via "$4"
}
join pod 10.244.1.1 10.244.1.5 fd00:10:244:1::1 fd00:10:244:1::5
join client 172.18.0.2 172.18.0.9 fd00:172:18::2 fd00:172:18::9
ip netns exec node sysctl -q -w net.ipv6.conf.all.forwarding=1
ip netns exec node sh ipvs.sh
cat >server.py <<'PY'
import socket
server = socket.create_server(("::", 8080), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    connection, peer = server.accept()
    connection.sendall((peer[0].replace("::ffff:", "") + "\n").encode())
    connection.close()
PY
ip netns exec pod python3 server.py &
server=$!
sleep 1
call() { # PLACE ADDRESS PORT
  echo "$1 $2 $3 $(ip netns exec "$1" timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" && cat <&3' "$2" "$3" 2>/dev/null)" >>answers
}
while read -r place address port; do call "$place" "$address" "$port"; done <calls
ip netns exec node ipvsadm -Ln >servers
kill $server
echo done
