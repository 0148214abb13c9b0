#!/bin/sh
# Installs downriver for one user: downloads a release and compares its SHA-256, or builds it from
# the checkout this script is in. Completions and man pages come with it.
# Everything is in functions and called on the last line: a file that is cut off does nothing.
set -eu

# The address of the releases, which the release pipeline writes here. It is empty in a checkout.
releases=''
version='0.2.0'

usage() {
    cat <<'TEXT'
Usage: install.sh [OPTIONS]

Downloads downriver for this system, compares its SHA-256, and installs it into
~/.local/bin. In a checkout, if no address of releases is given, it builds the
program with cargo instead.

  --to DIR        the folder for the program; created if missing
  --version V     another version than that of this script
  --target T      the program for another system, such as
                  aarch64-unknown-linux-musl
  --base-url URL  the address of the releases, for mirrors: the files of a version
                  are at URL/VERSION/downloads/ [DOWNRIVER_BASE_URL]
  --no-extras     install no man pages and no completions (otherwise for bash, zsh,
                  fish and elvish, in the folders where the system finds them)
  --force         install the version again that is installed already
  --quiet         only print errors
  -h, --help      print this help
TEXT
}

fail() {
    printf 'install.sh: %s\n' "$1" >&2
    exit "${2:-1}"
}

say() {
    [ -n "$quiet" ] || printf '%s\n' "$1"
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# The folder of the checkout, wherever the script is called from. Read from a pipe, it is in none.
checkout() {
    folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
    [ -f "$0" ] && grep -q '^name = "downriver"$' "$folder/Cargo.toml" 2>/dev/null || return 1
    printf '%s\n' "$folder"
}

# The target whose program runs here, or nothing.
platform() {
    machine=$(uname -m)
    case "$(uname -s)" in
        Linux) system=unknown-linux-musl ;;
        Darwin)
            system=apple-darwin
            # A shell that is itself translated from Intel's code sees the wrong machine.
            [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" != 1 ] || machine=arm64
            ;;
        # Windows on ARM runs programs for Intel as well.
        MINGW* | MSYS* | CYGWIN*) system=pc-windows-gnu machine=x86_64 ;;
        *) return ;;
    esac
    case "$machine" in
        x86_64 | amd64) printf 'x86_64-%s\n' "$system" ;;
        aarch64 | arm64) printf 'aarch64-%s\n' "$system" ;;
    esac
}

# What would fail in the end is said before the work, which can take a minute or two.
check_folder() {
    mkdir -p -- "$1" 2>/dev/null || fail "cannot make the folder $1; choose another with --to DIR"
    [ -w "$1" ] || fail "no permission to write to $1; choose another with --to DIR"
    [ ! -d "$1/$program" ] || fail "$1/$program is a folder; choose another place with --to DIR"
}

# place PROGRAM DIR RUNS: under another name first, because a program that is running cannot be
# written to, but can be replaced. RUNS is set if it must run here.
place() {
    new="$2/.downriver-new-$$"
    cp -- "$1" "$new" 2>/dev/null || fail "cannot write to $2; choose another with --to DIR"
    chmod 755 "$new"
    if [ -n "$3" ]; then
        "$new" --version >/dev/null 2>&1 || fail "the program for $target does not run here"
    fi
    mv -f -- "$new" "$2/$program" || fail "cannot replace $2/$program"
    new=''
}

# build CHECKOUT DIR
build() {
    has cargo || fail 'no cargo on the PATH; install Rust first, as https://rustup.rs shows'
    check_folder "$2"
    say "building in $1"
    # From within the checkout, so that a toolchain chosen for it counts.
    (cd -- "$1" && cargo build --release --locked --bin downriver ${quiet:+--quiet} \
        ${target:+--target "$target"} --target-dir "$1/target") ||
        fail 'the build failed; what cargo says above tells why'
    place "$1/target/${target:+$target/}release/$program" "$2" ''
}

# download ADDRESS FILE
download() {
    if has curl; then
        # A server that has fallen silent shall not hold up a job until its time is over.
        curl --fail --silent --show-error --location --retry 3 --connect-timeout 20 \
            --speed-limit 1 --speed-time 60 --output "$2" "$1"
    else
        # Told to be quiet, wget keeps the reason of a failure to itself as well.
        wget -nv -t 3 -O "$2" "$1" 2>"$temporary/wget.log" || {
            cat -- "$temporary/wget.log" >&2
            false
        }
    fi || fail "cannot download $1"
}

# Prints the SHA-256 of a file. Beside a name with a backslash, sha256sum would print another one.
sum() {
    if has sha256sum; then
        sha256sum
    elif has shasum; then
        shasum -a 256
    else
        openssl dgst -sha256 -r
    fi <"$1" | cut -d ' ' -f 1
}

# Compares the archive with its line in SHA256SUMS.
verify() {
    # A star before the name says that the sum was made of bytes rather than of text.
    wanted=$(sed -n "s/^\([0-9a-f]\{64\}\) [ *]$archive\$/\1/p" "$temporary/SHA256SUMS")
    [ -n "$wanted" ] || fail "SHA256SUMS has no line for $archive; nothing was installed"
    got=$(sum "$temporary/$archive")
    [ "$got" = "$wanted" ] ||
        fail "the SHA-256 of $archive is $got, not $wanted; nothing was installed"
}

# What takes part in a download is looked for before it.
check_tools() {
    has curl || has wget || fail 'no curl or wget on the PATH to download with'
    has sha256sum || has shasum || has openssl ||
        fail 'no sha256sum, shasum or openssl on the PATH; the download could not be verified'
    case "$archive" in
        *.zip) has unzip || fail 'no unzip on the PATH to unpack with' ;;
        *) { has tar && has gzip; } || fail 'no tar and gzip on the PATH to unpack with' ;;
    esac
}

# fetch DIR RUNS: downloads the release for the target.
fetch() {
    name=downriver-$version-$target
    case "$target" in
        *windows*) archive=$name.zip ;;
        *) archive=$name.tar.gz ;;
    esac
    check_tools
    check_folder "$1"
    temporary=$(mktemp -d)
    say "downloading $archive"
    download "$releases/$version/downloads/SHA256SUMS" "$temporary/SHA256SUMS"
    download "$releases/$version/downloads/$archive" "$temporary/$archive"
    verify
    case "$archive" in
        *.zip) unzip -q -d "$temporary" "$temporary/$archive" ;;
        *) (cd -- "$temporary" && gzip -dc "$archive" | tar -xf -) ;;
    esac
    [ -f "$temporary/$name/$program" ] || fail "$archive has no $name/$program in it"
    place "$temporary/$name/$program" "$1" "$2"
}

# write_extra FILE WORDS...: what the program prints, as a file that is there in full or not at all.
write_extra() {
    file=$1
    shift
    text=$("$to/$program" "$@" 2>/dev/null) && mkdir -p -- "${file%/*}" 2>/dev/null &&
        { printf '%s\n' "$text" >"$file.new-$$"; } 2>/dev/null &&
        mv -f -- "$file.new-$$" "$file" 2>/dev/null
}

# The page of the program names those of its commands.
write_man_pages() {
    write_extra "$share/man/man1/downriver.1" man &&
        "$to/$program" man | while IFS= read -r line; do
        case "$line" in
            'downriver\-'*'(1)')
                line=${line#*-} line=${line%'(1)'}
                write_extra "$share/man/man1/downriver-$line.1" man "$line" || exit 1
                ;;
        esac
    done
}

write_completions() {
    write_extra "$share/bash-completion/completions/downriver" completions bash &&
        write_extra "$share/zsh/site-functions/_downriver" completions zsh &&
        write_extra "$fish/downriver.fish" completions fish &&
        write_extra "$share/elvish/lib/downriver.elv" completions elvish
}

# Puts completions and man pages where the system looks for them: below the prefix of programs for
# everybody, otherwise below the home of the user. The program works without them, so that a folder
# that cannot be written to is no reason to fail.
install_extras() {
    zsh=''
    case "$to" in
        /usr/bin | /usr/local/bin | /opt/homebrew/bin | /opt/local/bin)
            share=${to%/bin}/share fish=${to%/bin}/share/fish/vendor_completions.d
            ;;
        *)
            [ -n "${HOME:-}" ] || return 0
            share=${XDG_DATA_HOME:-$HOME/.local/share}
            fish=${XDG_CONFIG_HOME:-$HOME/.config}/fish/completions
            case "${SHELL:-}" in */zsh) zsh=yes ;; esac
            ;;
    esac
    if ! { write_completions && write_man_pages; }; then
        say "note: completions and man pages could not be written below $share"
        return 0
    fi
    say "installed completions and man pages in $share"
    if [ -n "$zsh" ]; then
        say 'zsh finds them with this line, before compinit in ~/.zshrc:'
        say "  fpath=('$share/zsh/site-functions' \$fpath)"
    fi
}

# Says how the folder gets onto the PATH, in the words of the shell that the user works in.
mend_path() {
    case ":$PATH:" in
        *":$to:"*) return ;;
    esac
    say "note: $to is not on your PATH"
    case "$to" in
        # Such a path would have to be quoted in a way of its own for every shell.
        *[!A-Za-z0-9._/@+,:~\ -]*) return ;;
    esac
    add="export PATH=\"$to:\$PATH\""
    case "${SHELL:-}" in
        */fish) add="fish_add_path '$to'" ;;
        */zsh) add="echo '$add' >>~/.zshrc; $add" ;;
        */bash) add="echo '$add' >>~/.bashrc; $add" ;;
        *) add="echo '$add' >>~/.profile; $add" ;;
    esac
    say 'this line puts it there, now and for shells to come:'
    say "  $add"
}

clean() {
    [ -z "$new" ] || rm -f -- "$new"
    [ -z "$temporary" ] || rm -rf -- "$temporary"
}

# Sets what the flags say.
read_flags() {
    while [ $# -gt 0 ]; do
        case "$1" in
            -h | --help)
                usage
                exit 0
                ;;
            --force) force=yes ;;
            --no-extras) extras='' ;;
            -q | --quiet) quiet=yes ;;
            --to | --version | --target | --base-url)
                [ $# -ge 2 ] || fail "$1 wants a value" 2
                read_value "$1" "$2"
                shift
                ;;
            --to=* | --version=* | --target=* | --base-url=*) read_value "${1%%=*}" "${1#*=}" ;;
            *) fail "unknown option $1; see install.sh --help" 2 ;;
        esac
        shift
    done
}

read_value() {
    [ -n "$2" ] || fail "$1 wants a value" 2
    case "$1" in
        --to) to=$2 ;;
        --base-url) releases=$2 ;;
        --version)
            check_word "$1" "$2"
            version=${2#v}
            ;;
        --target)
            check_word "$1" "$2"
            target=$2
            ;;
    esac
}

# Versions and targets become parts of addresses and of names of files.
check_word() {
    case "$2" in
        *[!A-Za-z0-9._+-]* | [.-]*) fail "$1 cannot be $2" 2 ;;
    esac
}

main() {
    quiet='' force='' extras=yes target='' new='' temporary='' program=downriver own=$version
    releases=${DOWNRIVER_BASE_URL:-$releases}
    to=${HOME:+$HOME/.local/bin}
    read_flags "$@"
    releases=${releases%/}
    [ -n "$to" ] || fail 'HOME is not set; name a folder with --to DIR' 2
    case "$to" in
        /* | [A-Za-z]:[/\\]*) ;;
        *) to=$(pwd)/$to ;;
    esac
    # As it would stand on the PATH.
    to=${to%/}
    trap clean EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM

    here=$(platform)
    # A program for another computer can be asked for nothing.
    runs=$([ -n "$target" ] || echo yes)
    case "${target:-$(uname -s)}" in
        *windows* | MINGW* | MSYS* | CYGWIN*) program=downriver.exe ;;
    esac
    if [ -n "$releases" ] && [ -n "$target$here" ]; then
        target=${target:-$here}
        if [ -z "$force" ] && [ -n "$runs" ] &&
            [ "$("$to/$program" --version 2>/dev/null)" = "downriver $version" ]; then
            say "downriver $version is in $to already"
            return
        fi
        fetch "$to" "$runs"
    elif source=$(checkout); then
        [ "$version" = "$own" ] ||
            fail "this checkout is of $own; other versions need --base-url URL" 2
        build "$source" "$to"
    elif [ -n "$releases" ]; then
        fail "there is no release for $(uname -s) on $(uname -m); build it from a checkout"
    else
        fail 'this script is in no checkout, and no address of releases is known; give it with --base-url URL' 2
    fi
    say "installed $to/$program"
    if [ -n "$extras" ] && [ -n "$runs" ]; then install_extras; fi
    mend_path
}

main "$@"
