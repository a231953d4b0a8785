#!/bin/bash
# One Ceph node with an S3 gateway (RGW) on loopback, for tests: a real S3 server that Debian packages
# (apt-get install --no-install-recommends ceph-mon ceph-osd radosgw). Its data is thrown away.
#
#   ceph-rgw.sh start DIR PORT    prints S3_TEST_ENDPOINT, S3_TEST_ACCESS_KEY and S3_TEST_SECRET_KEY as KEY=value
#   ceph-rgw.sh stop  DIR [PORT]  kills what start started in DIR, and nothing else
#
# Ports: PORT (S3), PORT+1 (monitor), PORT+10 to PORT+60 (OSD). Keep other test servers out of that range.
# Environment: RGW_ACCESS_KEY, RGW_SECRET_KEY; RGW_LC_DAY_SECONDS=1 makes a "day" of lifecycle rules last a second.
set -euo pipefail

usage() { sed -n '5,6s/^#   //p' "$0" >&2; exit 64; }
[ $# -ge 2 ] || usage
command=$1
dir=$(realpath -m -- "$2")
conf=$dir/ceph.conf
access_key=${RGW_ACCESS_KEY:-test-access}
secret_key=${RGW_SECRET_KEY:-test-secret-key}

mark='# made by ceph-rgw.sh; start and stop delete what is here'
is_our_folder() { [ "$(head -n 1 "$conf" 2>/dev/null)" = "$mark" ]; }

# True for a live process that start made here: a pid file may outlive its process, and pids are reused.
is_ours() {
  [ -r "/proc/$1/cmdline" ] && tr '\0' '\n' <"/proc/$1/cmdline" 2>/dev/null | grep -qxF -- "$conf"
}

stop() {
  local name pid waited
  is_our_folder || return 0
  for name in rgw osd mon; do
    [ -s "$dir/$name.pid" ] || continue
    pid=$(cat "$dir/$name.pid")
    # A clean stop takes 14 s and saves data that nobody wants.
    if is_ours "$pid"; then kill -9 "$pid"; fi
    waited=0
    while is_ours "$pid"; do
      if [ $((waited += 1)) -gt 100 ]; then echo "ceph-rgw: $name (pid $pid) does not die" >&2; return 1; fi
      sleep 0.05
    done
    rm -f "$dir/$name.pid"
  done
  # The logs stay for whoever looks for a reason.
  rm -rf "${dir:?}/mon" "${dir:?}/osd"
}

case $command in
  stop) stop; exit ;;
  start) [ $# -eq 3 ] || usage ;;
  *) usage ;;
esac

port=$3
began=$(date +%s%N)
say() { echo "ceph-rgw: $((($(date +%s%N) - began) / 1000000)) ms: $*" >&2; }
fail() { say "$*"; tail -n 5 "$dir"/*.out >&2 2>/dev/null || true; exit 1; }
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Runs a command until it succeeds; a daemon that has died or never answers ends the start.
until_ok() {
  local what=$1 deadline=$((SECONDS + 60)) name
  shift
  until "$@" >/dev/null 2>&1; do
    for name in mon osd rgw; do
      [ ! -s "$dir/$name.pid" ] || is_ours "$(cat "$dir/$name.pid")" || fail "$name died while waiting for: $what"
    done
    [ $SECONDS -lt $deadline ] || fail "gave up after 60 s waiting for: $what"
    sleep 0.05
  done
  say "$what"
}

# A daemon of its own session, so that Ctrl-C in a terminal leaves its end to stop, and with no file of the
# caller's, so that a caller who reads our output sees it end. Its command line names the configuration.
daemon() {
  local name=$1
  shift
  setsid "$@" -c "$conf" -f </dev/null >"$dir/$name.out" 2>&1 &
  echo $! >"$dir/$name.pid"
}

if [ -e "$dir" ] && [ -n "$(ls -A "$dir")" ] && ! is_our_folder; then
  echo "ceph-rgw: $dir holds something else" >&2
  exit 1
fi
stop
for taken in "$port" $((port + 1)); do
  if listens "$taken"; then fail "port $taken is in use"; fi
done
trap 'status=$?; [ $status -eq 0 ] || stop; exit $status' EXIT
trap 'exit 130' INT TERM HUP
rm -rf "${dir:?}"
mkdir -p "$dir/mon" "$dir/osd"

fsid=$(cat /proc/sys/kernel/random/uuid)
osd_id=$(cat /proc/sys/kernel/random/uuid)
monitor=v1:127.0.0.1:$((port + 1))/0
cat >"$conf" <<CONF
$mark
[global]
fsid = $fsid
mon host = $monitor
mon initial members = a
# Loopback only, without cephx. The two "on start = false" belong to that: without them the OSD dies of "wrong fsid".
ms bind msgr2 = false
ms bind ipv6 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind port min = $((port + 10))
ms bind port max = $((port + 60))
auth cluster required = none
auth service required = none
auth client required = none
osd class update on start = false
osd crush update on start = false
# One OSD without replicas, and no manager daemon.
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 2000
# Each of the gateway's pools is a map change; the monitor waits this long before it commits one.
paxos propose interval = 0.05
# The path of an admin socket may be 107 characters long at most, and DIR may be longer: none.
admin socket =
run dir = $dir
log file = $dir/\$name.log
log to stderr = false
err to stderr = false
osd objectstore = bluestore
osd class default list = *
osd class load list = *
# Each close of the disk waits for one such poll, and a start has a dozen.
bdev aio poll ms = 20
# A sparse file.
bluestore block size = 10737418240
bluestore cache autotune = false
osd memory target = 1073741824
[mon.a]
mon data = $dir/mon
[osd.0]
osd data = $dir/osd
[client.rgw]
# Without tcp_nodelay half of all small answers take 40 ms.
rgw frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
rgw thread pool size = 64
rgw enable usage log = false
rgw gc obj min wait = 10
rgw gc processor period = 30
rgw lc debug interval = ${RGW_LC_DAY_SECONDS:--1}
CONF

for tool in ceph ceph-mon ceph-osd radosgw radosgw-admin monmaptool ceph-authtool; do
  command -v $tool >/dev/null || fail "$tool is missing: apt-get install --no-install-recommends ceph-mon ceph-osd radosgw"
done
ceph() { timeout 10 ceph -c "$conf" "$@"; }
osd_is_up() { ceph osd stat 2>/dev/null | grep -q '1 up'; }

monmaptool --create --addv a "[$monitor]" --fsid "$fsid" "$dir/monmap" >/dev/null
ceph-authtool --create-keyring "$dir/keyring" --gen-key -n mon. --cap mon 'allow *' >/dev/null 2>&1
ceph-mon -c "$conf" --mkfs -i a --monmap "$dir/monmap" --keyring "$dir/keyring"
daemon mon ceph-mon -i a
until_ok 'monitor up' ceph osd new "$osd_id"
ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$osd_id" --no-mon-config >"$dir/mkfs.out" 2>&1
ceph osd crush add osd.0 1.0 root=default host=test >/dev/null 2>&1
daemon osd ceph-osd -i 0
until_ok 'disk up' osd_is_up
daemon rgw radosgw -n client.rgw
# Makes the gateway's pools as well, which is most of the start.
timeout 60 radosgw-admin -c "$conf" -n client.rgw user create --uid=test --display-name=test \
  --access-key="$access_key" --secret-key="$secret_key" >"$dir/user.out" 2>&1 || fail 'the user could not be made'
say 'user made'
until_ok "S3 on port $port" listens "$port"

echo "S3_TEST_ENDPOINT=http://127.0.0.1:$port"
echo "S3_TEST_ACCESS_KEY=$access_key"
echo "S3_TEST_SECRET_KEY=$secret_key"
