# Sourced by the image scripts: own buildah storage, the cache of archives, hashes of recipes.
# shellcheck shell=bash
set -euo pipefail
images=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$images/../../.." && pwd)
cache=${DJDB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/djangodb-operator}
archives=$cache/images
PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$archives"

fail() {
    echo "images: $*" >&2
    exit 1
}

require() { # require PACKAGE:COMMAND...
    local missing=""
    for pair in "$@"; do
        command -v "${pair#*:}" >/dev/null || missing+=" ${pair%%:*}"
    done
    [ -z "$missing" ] || fail "missing$missing: run tests/cluster/install-packages (or: apt-get install$missing)"
}

# buildah with a storage of its own: no container engine of the user's is asked or touched.
own_buildah() {
    local command=$1
    shift
    local isolation=()
    if [ "$command" = from ] || [ "$command" = run ]; then isolation=(--isolation chroot); fi
    buildah --root "$cache/buildah/root" --runroot "$cache/buildah/run" \
        --storage-driver "${DJDB_BUILDAH_DRIVER:-overlay}" "$command" "${isolation[@]}" "$@"
}

hash_of() { sha256sum | cut -c1-16; }

# The content of every file below the given paths, and its mode, in an order of its own.
hash_tree() {
    find "$@" -name __pycache__ -prune -o -type f -printf '%m %p\0' | sort -z | while IFS= read -r -d '' line; do
        printf '%s ' "$line"
        sha256sum <"${line#* }"
    done | hash_of
}

# One image script at a time: they share the storage.
lock_images() {
    exec 8>"$cache/images.lock"
    flock 8
}

# The working container of a script that ends early is not left behind.
working=""
discard_working() { [ -z "$working" ] || own_buildah rm "$working" >/dev/null 2>&1 || true; }
trap discard_working EXIT

# libraries_of PROGRAM...: the shared libraries that they need, as files of this machine.
libraries_of() {
    local libraries
    libraries=$(ldd "$@") || fail "ldd $* failed: they must be dynamically linked programs"
    if grep -q 'not found' <<<"$libraries"; then
        fail "$* lack libraries on this machine: $(grep 'not found' <<<"$libraries" | awk '{print $1}' | xargs)"
    fi
    awk '$2 == "=>" {print $3} $1 ~ /^\// && $1 !~ /:$/ {print $1}' <<<"$libraries" | sort -u
}

# packages_of FILE...: the Debian packages that own them, each with its version.
packages_of() {
    local files owners strays
    files=$(printf '%s\n' "$@")
    # dpkg may know a file by its path before or after the merge of /lib into /usr/lib: both are asked for together.
    owners=$({ merged <<<"$files"; split <<<"$files"; } | xargs dpkg-query --search 2>/dev/null || true)
    strays=$(comm -23 <(merged <<<"$files" | sort -u) <(sed 's/^[^ ]*: //' <<<"$owners" | merged | sort -u))
    [ -z "$strays" ] || fail "no Debian package owns $(xargs <<<"$strays")"
    sed 's/: .*//' <<<"$owners" | sort -u | xargs dpkg-query --show
}
merged() { sed -E 's,^/(bin|lib),/usr/\1,'; }
split() { sed -E 's,^/usr/(bin|lib),/\1,'; }

# make_tree TREE LIBRARIES PACKAGES: a root file system of these alone, and no shell in it.
make_tree() {
    local tree=$1 libraries=$2 packages=$3 file package copyright
    mkdir -p "$tree"/usr/{bin,lib,lib64} "$tree/etc" "$tree/usr/share/djangodb-operator"
    mkdir -m 1777 "$tree/tmp"
    ln -s usr/lib "$tree/lib"
    ln -s usr/lib64 "$tree/lib64"
    for file in $libraries; do
        install -D -m 755 "$file" "$tree/usr/${file#/usr/}"
    done
    echo "hosts: files dns" >"$tree/etc/nsswitch.conf"
    echo "$packages" >"$tree/usr/share/djangodb-operator/packages"
    cut -f 1 <<<"$packages" | while read -r package; do # their licences travel with them
        copyright=/usr/share/doc/${package%%:*}/copyright
        [ ! -e "$copyright" ] || install -D -m 644 "$copyright" "$tree$copyright"
    done
    chmod 755 "$tree"
}

# commit_archive NAME ARCHIVE: the working container as image NAME, written to ARCHIVE in one step.
commit_archive() {
    own_buildah commit --quiet "$working" "$1" >/dev/null
    rm -f "$2.new"
    own_buildah push --quiet "$1" "docker-archive:$2.new:$1" >/dev/null
    mv "$2.new" "$2"
    # The image that had this name before is of no use any more.
    own_buildah rmi --prune >/dev/null 2>&1 || true
}
