#!/bin/bash
# usage: run_all.sh CLUSTERDIR OUTDIR MODES RELEASE...
# Every cluster of CLUSTERDIR (folders with cluster.yaml, config.yaml,
# oracle.json) through ../bin/oracle-RELEASE ("1.37" = $ORACLE); output in normal
# form as OUTDIR/RELEASE/CLUSTER/NAME. $ORACLE: the 1.37 oracle (default: ../bin/oracle).
set -u
here=$(cd "$(dirname "$0")" && pwd)
ORACLE=${ORACLE:-$here/../bin/oracle}
in=$1; out=$2; modes=$3; shift 3
for r in "$@"; do
  for d in "$in"/*/; do
    n=$(basename "$d"); o=$out/$r/$n; mkdir -p "$o"
    node=$(sed 's/.*"node": "\([^"]*\)".*/\1/' "$d/oracle.json")
    if [ "$r" = 1.37 ]; then
      "$ORACLE" run --mode "$modes" --no-kernel --node "$node" --config "$d/config.yaml" -o "$o" "$d/cluster.yaml" >/dev/null || echo "FAIL $r $n"
      [ -f "$o/ipvs.ipset" ] && "$ORACLE" canon ipset <"$o/ipvs.ipset" >"$o/c" && mv "$o/c" "$o/ipvs.ipset"
      [ -f "$o/ipvs.addrs" ] && LC_ALL=C sort -o "$o/ipvs.addrs" "$o/ipvs.addrs"
      continue
    fi
    "$here/../bin/oracle-$r" --mode "$modes" --node "$node" -o "$o" "$d/cluster.yaml" "$d/config.yaml" 2>"$o/stderr" || echo "FAIL $r $n: $(tail -1 "$o/stderr")"
    for f in "$o"/*.restore; do [ -f "$f" ] && "$ORACLE" canon iptables <"$f" >"$f.c" && mv "$f.c" "$f"; done
    for f in "$o"/*.dump; do [ -f "$f" ] && "$ORACLE" canon nft-dump <"$f" >"$f.c" && mv "$f.c" "$f"; done
    for f in "$o"/*.ipvsadm; do [ -f "$f" ] && "$ORACLE" canon ipvsadm <"$f" >"$f.c" && mv "$f.c" "$f"; done
    for f in "$o"/*.ipset; do [ -f "$f" ] && "$ORACLE" canon ipset <"$f" >"$f.c" && mv "$f.c" "$f"; done
    [ -f "$o/ipvs.addrs" ] && LC_ALL=C sort -o "$o/ipvs.addrs" "$o/ipvs.addrs"
    rm -f "$o/stderr" "$o"/*.tx
  done
done
