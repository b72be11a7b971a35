# uml-modes.sh WORK RUNS SCRIPTS: within user-mode-linux, modes iptables and ipvs side by side. WORK/sizes has a line for each size:
# Services, folder of mode iptables, folder of mode ipvs, the first and the last cluster IP. WORK/results gets a line for each figure:
# load SERVICES MODE MICROSECONDS (three), and packets SERVICES MODE JSON.
set -e
work=$1 runs=$2 scripts=$3
mkdir -p /run/netns
load_iptables() { iptables-restore -w <iptables.save; }
load_ipvs() {
  ip link add kube-ipvs0 type dummy
  sed 's/^/address add /; s/$/ dev kube-ipvs0/' addresses >"$work/batch"
  ip -batch "$work/batch"
  ipset restore <ipset.save
  iptables-restore -w <iptables.save
  ipvsadm -R <ipvsadm.save
}
set_up() { # MODE FOLDER
  ip netns add "$1"; ip netns add "$1-peer"
  ip -n "$1" link set lo up; ip -n "$1-peer" link set lo up
  ip -n "$1" link add eth0 type veth peer name eth0 netns "$1-peer"
  ip -n "$1" link set eth0 up; ip -n "$1-peer" link set eth0 up
  ip -n "$1" address add 192.168.10.10/24 dev eth0; ip -n "$1-peer" address add 192.168.10.1/24 dev eth0
  ip -n "$1" route add default via 192.168.10.1
  ip -n "$1-peer" route add local 10.128.0.0/9 dev lo; ip -n "$1-peer" route add local 198.51.100.1 dev lo
  ip netns exec "$1" sysctl -q -w net.ipv4.ip_forward=1
  [ "$1" = iptables ] || ip netns exec "$1" sysctl -q -w net.ipv4.vs.conntrack=1
  export -f "load_$1"; export work
  ip netns exec "$1" bash -ec "cd '$2'; start=\$EPOCHREALTIME; load_$1 >&2; end=\$EPOCHREALTIME
    echo load $services $1 \$((\${end/./} - \${start/./}))" >>"$work/results"
}
while read -r services iptables ipvs first last; do
  # Loading takes long here.
  for run in $(seq 3); do
    for mode in iptables ipvs; do
      [ "$run" -eq 1 ] || { ip netns del $mode; ip netns del $mode-peer; sleep 1; }
      set_up $mode "${!mode}"
    done
  done
  sinks=()
  for mode in iptables ipvs; do
    ip netns exec $mode-peer python3 "$scripts/first-packets.py" sink 53 8080 & sinks+=($!)
  done
  # Until the namespaces that are gone have been cleared away.
  sleep 8
  for run in $(seq "$runs"); do
    for mode in iptables ipvs; do
      packets=$(ip netns exec $mode python3 "$scripts/first-packets.py" 500 53 "$first" "$last" 198.51.100.1)
      echo "packets $services $mode $packets" >>"$work/results"
    done
  done
  # The packets did go through IPVS.
  connections=$(ip netns exec ipvs ipvsadm -Lcn | grep -c " $last:53 ")
  [ "$connections" -ge 500 ] || { echo "$connections connections through IPVS"; exit 1; }
  kill "${sinks[@]}"
  for mode in iptables ipvs; do ip netns del $mode; ip netns del $mode-peer; done
done <"$work/sizes"
echo done
