#!/bin/bash
# usage: control-plane.sh DIR [CONTROLLER,...]
# Starts etcd, kube-apiserver and kube-controller-manager on loopback in a network
# namespace of their own, prints "ready" and runs until its stdin ends. A line "restart"
# there restarts the API server, which then has forgotten all moments but the last, and
# prints "ready" again. DIR, which has to be empty, has
#   kubeconfig   of a user who may do everything
#   kubectl      a command: the kubectl of PATH in that network namespace
#   *.log        what the three of them said
# Needs root, etcd on PATH, and bin/ made by ../build.sh api; kubectl from PATH or bin/.
# $SERVICE_CIDR and $NODE_PORTS are the API server's ranges, $KUBERNETES_BIN its folder.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,12s/^# //p' "$0" >&2; exit 2; }

here=$(cd "$(dirname "$0")" && pwd)
dir=$(cd "$1" && pwd)
bin=${KUBERNETES_BIN:-$here/../bin}
kubectl=$(command -v kubectl || echo "$(cd "$bin" && pwd)/kubectl")

if [ "${CONTROL_PLANE_INSIDE:-}" = "" ]; then
  # This process becomes unshare, which enters the network namespace itself.
  cat >"$dir/kubectl" <<SCRIPT
#!/bin/sh
exec nsenter --net=/proc/$$/ns/net '$kubectl' "\$@"
SCRIPT
  chmod +x "$dir/kubectl"
  export CONTROL_PLANE_INSIDE=1
  # All end with the first process of the process namespace, which is this script again.
  exec unshare --net --pid --mount-proc --fork --kill-child "$here/control-plane.sh" "$@"
fi

trap 'exit 0' TERM INT
ip link set lo up
openssl genrsa -out "$dir/sa.key" 2048 2>/dev/null
echo 'admintoken,admin,admin,system:masters' >"$dir/tokens.csv"
cat >"$dir/kubeconfig" <<CONFIG
apiVersion: v1
kind: Config
clusters: [{name: bed, cluster: {server: "https://127.0.0.1:16443", insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: admintoken}}]
contexts: [{name: bed, context: {cluster: bed, user: admin}}]
current-context: bed
CONFIG

etcd --data-dir "$dir/etcd" --listen-client-urls http://127.0.0.1:23790 \
  --advertise-client-urls http://127.0.0.1:23790 --listen-peer-urls http://127.0.0.1:23800 \
  >"$dir/etcd.log" 2>&1 </dev/null &

start_apiserver() {
  "$bin/kube-apiserver" --etcd-servers=http://127.0.0.1:23790 \
    --service-cluster-ip-range="${SERVICE_CIDR:-10.96.0.0/12,fd00:10:96::/112}" \
    --service-node-port-range="${NODE_PORTS:-30000-32767}" \
    --cert-dir="$dir/certs" --secure-port=16443 --bind-address=127.0.0.1 --advertise-address=192.0.2.1 \
    --service-account-issuer=https://kubernetes.default.svc \
    --service-account-key-file="$dir/sa.key" --service-account-signing-key-file="$dir/sa.key" \
    --token-auth-file="$dir/tokens.csv" --authorization-mode=RBAC --endpoint-reconciler-type=none \
    --disable-admission-plugins=ServiceAccount,NamespaceLifecycle,TaintNodesByCondition \
    --enable-priority-and-fairness=false >>"$dir/apiserver.log" 2>&1 </dev/null &
  apiserver=$!
  # The API server makes default/kubernetes shortly after it calls itself ready.
  until "$kubectl" --kubeconfig="$dir/kubeconfig" get --raw /api/v1/namespaces/default/services/kubernetes >"$dir/probe.log" 2>&1; do
    kill -0 $apiserver 2>/dev/null || { tail -n 5 "$dir/apiserver.log" >&2; exit 1; }
    sleep 0.05
  done
}
start_apiserver

"$bin/kube-controller-manager" --kubeconfig="$dir/kubeconfig" --leader-elect=false --secure-port=0 \
  --controllers="${2:-endpoints-controller,endpointslice-controller,endpointslice-mirroring-controller}" \
  --kube-api-qps=5000 --kube-api-burst=10000 >"$dir/controllers.log" 2>&1 </dev/null &

echo ready
while read -r line; do
  [ "$line" = restart ] || continue
  { kill -KILL $apiserver && wait $apiserver || true; } 2>/dev/null
  start_apiserver
  echo ready
done
