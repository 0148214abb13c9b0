#!/bin/sh
# Builds downriver from this checkout and installs it for one user.
# Everything is in functions and called on the last line: a file that is cut off does nothing.
set -eu

usage() {
    cat <<'TEXT'
Usage: install.sh [--to DIR]

Builds downriver from the checkout this script is in, with cargo, and puts the
program into DIR (~/.local/bin if left out).

  --to DIR    where the program goes; made if missing
  -h, --help  this text
TEXT
}

fail() {
    printf 'install.sh: %s\n' "$1" >&2
    exit "${2:-1}"
}

# The folder of the checkout, wherever the script is called from.
checkout() {
    CDPATH='' cd -- "$(dirname -- "$0")" && pwd
}

# Is the folder one of those in which the shell looks for programs?
on_path() {
    case ":$PATH:" in
        *":$1:"*) return 0 ;;
        *) return 1 ;;
    esac
}

# What would fail in the end is said before the build, which takes a minute or two.
check() {
    [ -f "$1/Cargo.toml" ] || fail "no Cargo.toml in $1; run this script from its checkout"
    command -v cargo >/dev/null 2>&1 ||
        fail 'no cargo on the PATH; install Rust first, as https://rustup.rs shows'
    mkdir -p -- "$2" 2>/dev/null || fail "cannot make the folder $2; choose another with --to DIR"
    [ -w "$2" ] || fail "no permission to write to $2; choose another with --to DIR"
}

build() {
    printf 'building in %s\n' "$1"
    # From within the checkout, so that a toolchain chosen for it counts.
    (cd -- "$1" && cargo build --release --locked --bin downriver --target-dir "$1/target") ||
        fail 'the build failed; what cargo says above tells why'
}

# Under another name first: a program that is running cannot be written to, but can be replaced.
place() {
    new="$2/.downriver-new-$$"
    trap 'rm -f -- "$new"' EXIT
    cp -- "$1" "$new" 2>/dev/null || fail "cannot write to $2; choose another with --to DIR"
    chmod 755 "$new"
    mv -f -- "$new" "$2/downriver" || fail "cannot replace $2/downriver"
    trap - EXIT
}

main() {
    to=''
    while [ $# -gt 0 ]; do
        case "$1" in
            -h | --help)
                usage
                exit 0
                ;;
            --to)
                [ $# -ge 2 ] || fail '--to wants a folder' 2
                to=$2
                shift 2
                ;;
            --to=*)
                to=${1#--to=}
                shift
                ;;
            *) fail "unknown option $1; see install.sh --help" 2 ;;
        esac
        [ -n "$to" ] || fail '--to wants a folder' 2
    done
    if [ -z "$to" ]; then
        [ -n "${HOME:-}" ] || fail 'HOME is not set; name a folder with --to DIR' 2
        to=$HOME/.local/bin
    fi
    case "$to" in
        /*) ;;
        *) to=$(pwd)/$to ;;
    esac

    source=$(checkout)
    check "$source" "$to"
    build "$source"
    place "$source/target/release/downriver" "$to"
    printf 'installed %s\n' "$to/downriver"
    on_path "$to" || printf 'note: %s is not on your PATH\n' "$to"
}

main "$@"
