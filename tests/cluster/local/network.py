"""The cluster's own bridge. It is made first, and everything listens on its address, so that nothing depends on
the host's own network. The bridge carries its owner's state directory as its alias."""

import ipaddress
import json
import pathlib
import subprocess

from .settings import BRIDGE, BRIDGE_ADDRESS, POD_NETWORK, SERVICE_NETWORK, ClusterError, Settings

FORWARDING = pathlib.Path("/proc/sys/net/ipv4/ip_forward")
FORWARD_RULE = ["FORWARD", "-i", BRIDGE, "-o", BRIDGE, "-j", "ACCEPT"]


def _run(*command: str, check: bool = True) -> subprocess.CompletedProcess:
    return subprocess.run(command, check=check, capture_output=True, text=True)


def bridge_exists() -> bool:
    return pathlib.Path(f"/sys/class/net/{BRIDGE}").exists()


def owner() -> str | None:
    alias = pathlib.Path(f"/sys/class/net/{BRIDGE}/ifalias")
    return alias.read_text().strip() if alias.exists() else None


def make_bridge(settings: Settings) -> None:
    if bridge_exists():
        if owner() != str(settings.directory):
            raise ClusterError(
                f"cluster: the bridge {BRIDGE} belongs to {owner() or 'something else'}, which was left untouched;"
                f" stop that one first (DJDB_CLUSTER_DIR={owner() or '...'} tests/cluster/down)"
            )
    else:
        _refuse_foreign_network()
        _run("ip", "link", "add", BRIDGE, "type", "bridge")
        _run("ip", "link", "set", BRIDGE, "alias", str(settings.directory))
    prefix = ipaddress.ip_network(POD_NETWORK).prefixlen
    _run("ip", "address", "replace", f"{BRIDGE_ADDRESS}/{prefix}", "dev", BRIDGE)
    _run("ip", "link", "set", BRIDGE, "up")
    # A Service's address needs some route before kube-proxy's rules are asked; the host may have no default one.
    _run("ip", "route", "replace", SERVICE_NETWORK, "dev", BRIDGE, "src", BRIDGE_ADDRESS)
    _allow_forwarding(settings)


def _refuse_foreign_network() -> None:
    ours = [ipaddress.ip_network(POD_NETWORK), ipaddress.ip_network(SERVICE_NETWORK)]
    for link in json.loads(_run("ip", "-json", "-4", "address").stdout):
        for address in link.get("addr_info", []):
            theirs = ipaddress.ip_network(f"{address['local']}/{address['prefixlen']}", strict=False)
            if any(theirs.overlaps(network) for network in ours):
                raise ClusterError(f"cluster: {link['ifname']} already uses {theirs}, which the cluster needs")
    if _run("nft", "list", "table", "ip", "kube-proxy", check=False).returncode == 0:
        raise ClusterError(
            "cluster: this machine already runs a kube-proxy (nft table ip kube-proxy), which was left untouched;"
            " use it with DJDB_CLUSTER=current, or delete the table if nothing owns it"
        )


def _allow_forwarding(settings: Settings) -> None:
    before = settings.directory / "ip_forward.before"
    if not before.exists():
        before.write_text(FORWARDING.read_text())
    FORWARDING.write_text("1\n")
    # Docker sets the policy to DROP; Pods that call a Service are forwarded from the bridge to the bridge.
    policy = _forward_rules()
    if policy.startswith("-P FORWARD DROP") and _run("iptables", "-C", *FORWARD_RULE, check=False).returncode:
        _run("iptables", "-I", *FORWARD_RULE)


def _forward_rules() -> str:
    """Empty where nobody uses iptables: merely asking it would make its tables."""
    legacy = pathlib.Path("/proc/net/ip_tables_names")
    used = legacy.exists() and "filter" in legacy.read_text().split()
    used = used or _run("nft", "list", "table", "ip", "filter", check=False).returncode == 0
    return _run("iptables", "-S", "FORWARD", check=False).stdout if used else ""


def remove_bridge(settings: Settings) -> None:
    """Undoes make_bridge and kube-proxy's tables, when the bridge is this cluster's."""
    before = settings.directory / "ip_forward.before"
    if before.exists():
        FORWARDING.write_text(before.read_text())
        before.unlink()
    if owner() != str(settings.directory):
        return
    for family in ("ip", "ip6"):
        _run("nft", "delete", "table", family, "kube-proxy", check=False)
    policy = _forward_rules()
    if "-A " + " ".join(FORWARD_RULE) in policy:
        _run("iptables", "-D", *FORWARD_RULE)
    _run("ip", "link", "delete", BRIDGE)


def write_cni(settings: Settings) -> pathlib.Path:
    """The Pods' network: ports of the bridge, addresses from POD_NETWORK. Returns the folder of the list."""
    ipam = {"type": "host-local", "dataDir": str(settings.folder("cni/addresses"))}
    ipam |= {"ranges": [[{"subnet": POD_NETWORK, "gateway": BRIDGE_ADDRESS, "rangeStart": "10.87.0.10"}]]}
    ipam |= {"routes": [{"dst": "0.0.0.0/0"}]}
    bridge = {"type": "bridge", "bridge": BRIDGE, "isGateway": True, "ipMasq": False, "ipam": ipam}
    folder = settings.folder("cni/net.d")
    plugins = {"cniVersion": "0.4.0", "name": "djdb", "plugins": [bridge]}
    (folder / "10-djdb.conflist").write_text(json.dumps(plugins, indent=1))
    return folder
