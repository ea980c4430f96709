# shellcheck shell=bash disable=SC2034,SC2154 # variables of test_mpi.sh
# The end of test_mpi.sh: two machines, as network namespaces with a cable between them. mpirun starts its daemon on the
# second through a script in the place of ssh.
first=dmlcsr-$$-1 second=dmlcsr-$$-2

end_networks() {
    ip netns del "$first" 2>/dev/null
    ip netns del "$second" 2>/dev/null
}

begin_networks() {
    ip netns add "$first" && ip netns add "$second" && ip link add "v$$-1" type veth peer name "v$$-2" || return
    for i in 1 2; do
        ip link set "v$$-$i" netns "dmlcsr-$$-$i" &&
            ip -n "dmlcsr-$$-$i" link set lo up &&
            ip -n "dmlcsr-$$-$i" addr add "10.213.77.$i/24" dev "v$$-$i" &&
            ip -n "dmlcsr-$$-$i" link set "v$$-$i" up || return
    done
    ip netns exec "$first" true
}

received() { ip netns exec "$second" cat "/sys/class/net/v$$-2/statistics/rx_bytes"; }

if ! command -v ip >/dev/null 2>&1; then
    echo "skip  two networks: there is no ip (iproute2)"
    return
fi
trap 'end_networks; rm -rf "$folder"' EXIT
if ! begin_networks >"$folder/log" 2>&1; then
    echo "skip  two networks: network namespaces are not allowed here (root may make them): $(tail -n 1 "$folder/log")"
    return
fi

cat >"$folder/agent" <<END
#!/bin/sh
# agent HOST COMMAND...
shift
exec ip netns exec $second sh -c "\$*"
END
chmod +x "$folder/agent"
printf '10.213.77.%s slots=1\n' 1 2 >"$folder/hosts"
far() {
    ip netns exec "$first" mpirun --allow-run-as-root --hostfile "$folder/hosts" -np 2 --bind-to none \
        --mca plm_rsh_agent "$folder/agent" --mca oob_tcp_if_include 10.213.77.0/24 \
        --mca btl tcp,self --mca btl_tcp_if_include 10.213.77.0/24 "$folder/process" "$folder/far" "$@"
}
before=$(received)
short="--epochs 2 --cycle-start 1 --cycle-epochs 1"
# shellcheck disable=SC2086 # several words
try 0 "two networks" far "$train" "$folder/run.toml" --quiet $short --output "$folder/far"
try 0 "a process in each" [ "$(cat "$folder/far.net.0") $(cat "$folder/far.net.1")" = "$first $second" ]
# shellcheck disable=SC2086
try 0 "one" run $short --output "$folder/near"
for name in current ensemble; do
    try 0 "the same bytes: $name" cmp "$folder/near/$name.safetensors" "$folder/far/$name.safetensors"
done
# Eight steps: as many gradients have gone over the cable.
bytes=$(wc -c <"$folder/near/current.safetensors")
try 0 "through the cable: $(received) - $before, 8 x $bytes" [ $(($(received) - before)) -gt $((7 * bytes)) ]

far "$train" "$folder/run.toml" --quiet --output "$folder/lost" >"$folder/log" 2>&1 </dev/null &
program=$!
for _ in $(seq 1200); do
    [ -s "$folder/lost/checkpoint.safetensors" ] && break
    sleep .05
done
kill -KILL "$(cat "$folder/far.pid.1")"
ended 137 "a process on the other machine is killed"
says "signal 9"
try 3 "goes on without that machine" run --output "$folder/lost" --stop-after 1
says "going on from $folder/lost/checkpoint"
