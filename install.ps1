# Installs downriver for one user on Windows: downloads a release and compares its SHA-256, or
# builds it from the checkout this script is in. For Windows PowerShell 5.1 and PowerShell 7.
# Everything is in functions and called on the last line: a file that is cut off does nothing.
param(
    [string]$To = '',
    [string]$Version = '0.2.0',
    [string]$Target = '',
    [string]$BaseUrl = $env:DOWNRIVER_BASE_URL,
    [switch]$NoExtras,
    [switch]$Force,
    [switch]$Quiet,
    [switch]$Help
)

# The address of the releases, which the release pipeline writes here. It is empty in a checkout.
$releases = ''

$usage = @'
Usage: install.ps1 [OPTIONS]

Downloads downriver for Windows, compares its SHA-256, and installs it into
~\.local\bin. In a checkout, it builds the program with cargo instead.

  -To DIR       the folder for the program; created if missing
  -Version V    another version than that of this script
  -Target T     another build than x86_64-pc-windows-gnu
  -BaseUrl URL  the address of the releases, for mirrors: the files of a version
                are at URL/VERSION/downloads/ [DOWNRIVER_BASE_URL]
  -NoExtras     install no completions for PowerShell (otherwise below
                ~\.local\share)
  -Force        install the version again that is installed already
  -Quiet        only print errors
  -Help         print this help
'@

# The folder of the checkout; a script that was read from the network is in none.
function Get-Checkout {
    if (-not $PSScriptRoot) { return }
    $manifest = Join-Path $PSScriptRoot 'Cargo.toml'
    if ((Test-Path -LiteralPath $manifest) -and
        (Select-String -Quiet '^name = "downriver"$' -LiteralPath $manifest)) {
        $PSScriptRoot
    }
}

# Tells if this version is there already; a program that does not run does not count.
function Test-Installed([string]$Program) {
    try { (Test-Path -LiteralPath $Program) -and ((& $Program --version) -eq "downriver $Version") }
    catch { $false }
}

# Under another name first, so that there is never half a program under the right one.
function Set-Program([string]$From, [string]$Program, [bool]$MustRun) {
    $folder = Split-Path $Program
    $new = Join-Path $folder "downriver-new-$PID.exe"
    try {
        $null = [IO.Directory]::CreateDirectory($folder)
        Copy-Item -LiteralPath $From -Destination $new
        if ($MustRun) {
            $null = & $new --version
            if ($LASTEXITCODE -ne 0) { throw 'this program does not run here' }
        }
        if (Test-Path -LiteralPath $Program) {
            [IO.File]::Replace($new, $Program, [NullString]::Value)
        }
        else { [IO.File]::Move($new, $Program) }
    } catch {
        throw "install.ps1: cannot install ${Program}: $_; -To DIR chooses another folder"
    } finally {
        if (Test-Path -LiteralPath $new) { Remove-Item -LiteralPath $new }
    }
}

# Downloads the archive, compares it with its line in SHA256SUMS, and unpacks it.
function Get-Release([string]$From, [string]$Name, [string]$Folder) {
    $archive = "$Name.zip"
    foreach ($file in 'SHA256SUMS', $archive) {
        try { Invoke-WebRequest -UseBasicParsing "$From/$file" -OutFile (Join-Path $Folder $file) }
        catch { throw "install.ps1: cannot download $From/${file}: $_" }
    }
    $line = '^([0-9a-f]{64}) [ *]' + [regex]::Escape($archive) + '$'
    $found = @(Select-String $line -LiteralPath (Join-Path $Folder 'SHA256SUMS'))
    if (-not $found) { throw "install.ps1: SHA256SUMS has no line for $archive; nothing was installed" }
    $wanted = $found[0].Matches[0].Groups[1].Value
    $got = (Get-FileHash -Algorithm SHA256 -LiteralPath (Join-Path $Folder $archive)).Hash
    # Capital letters or not, -ne takes them for the same.
    if ($got -ne $wanted) {
        throw "install.ps1: the SHA-256 of $archive is $got, not $wanted; nothing was installed"
    }
    # A function of a module, which does not see that errors shall stop.
    Expand-Archive -LiteralPath (Join-Path $Folder $archive) -DestinationPath $Folder -ErrorAction Stop
}

# PowerShell looks for completions in no folder of its own: a line of the profile reads them. Beside
# the program, the script would be started in its place.
function Set-Completions([string]$Program) {
    $share = Join-Path (Join-Path (Join-Path $HOME '.local') 'share') 'downriver'
    $script = Join-Path $share 'completions.ps1'
    try {
        $text = & $Program completions powershell
        if ($LASTEXITCODE -ne 0) { throw 'the program prints none' }
        $null = [IO.Directory]::CreateDirectory($share)
        [IO.File]::WriteAllLines($script, [string[]]$text)
    } catch {
        return "note: completions could not be written to ${script}: $_"
    }
    "installed completions in $script; PowerShell reads them after this line:"
    $quoted = $script -replace "'", "''"
    "  if (-not (Test-Path -LiteralPath `$PROFILE)) { `$null = New-Item -Force `$PROFILE }; Add-Content -LiteralPath `$PROFILE '. ""$quoted""'"
}

function Install-Downriver {
    $ErrorActionPreference = 'Stop'
    # Drawing the progress takes Windows PowerShell longer than the download.
    $ProgressPreference = 'SilentlyContinue'
    if ($Help) { return $usage }
    foreach ($word in @($Version, $Target) -ne '') {
        if ($word -notmatch '^[A-Za-z0-9_][A-Za-z0-9._+-]*$') { throw "install.ps1: there is no $word" }
    }
    $Version = $Version -replace '^v', ''
    $from = if ($BaseUrl) { $BaseUrl.TrimEnd('/') } else { $releases }
    $build = if ($Target) { $Target } else { 'x86_64-pc-windows-gnu' }
    if ($build -notlike '*windows*' -or (-not $Target -and $env:OS -ne 'Windows_NT')) {
        throw 'install.ps1: install.sh installs for other systems'
    }
    if (-not $To) { $To = Join-Path (Join-Path $HOME '.local') 'bin' }
    $To = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($To)
    $program = Join-Path $To 'downriver.exe'

    if ($from) {
        if (-not $Force -and -not $Target -and (Test-Installed $program)) {
            if (-not $Quiet) { "downriver $Version is in $To already" }
            return
        }
        # Windows PowerShell on an older Windows offers no TLS 1.2 by itself; on a newer one, 0 says
        # that the system decides, which knows TLS 1.3 as well.
        if ([int][Net.ServicePointManager]::SecurityProtocol -ne 0) {
            [Net.ServicePointManager]::SecurityProtocol =
                [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
        }
        $name = "downriver-$Version-$build"
        $folder = Join-Path ([IO.Path]::GetTempPath()) "downriver-$([guid]::NewGuid())"
        $null = New-Item -ItemType Directory $folder
        try {
            if (-not $Quiet) { "downloading $name.zip" }
            Get-Release "$from/$Version/downloads" $name $folder
            Set-Program (Join-Path (Join-Path $folder $name) 'downriver.exe') $program (-not $Target)
        } finally {
            # What a virus scanner holds on to is no reason to fail.
            Remove-Item -Recurse -Force -LiteralPath $folder -ErrorAction SilentlyContinue
        }
    } elseif ($checkout = Get-Checkout) {
        if (-not (Get-Command cargo -ErrorAction SilentlyContinue)) {
            throw 'install.ps1: no cargo on the PATH; install Rust first, as https://rustup.rs shows'
        }
        $flags = @('--release', '--locked', '--bin', 'downriver', '--target-dir', "$checkout\target")
        if ($Target) { $flags += '--target', $Target }
        if ($Quiet) { $flags += '--quiet' }
        Push-Location -LiteralPath $checkout
        try { & cargo build $flags } finally { Pop-Location }
        if ($LASTEXITCODE -ne 0) { throw 'install.ps1: the build failed' }
        $built = if ($Target) { "$checkout\target\$Target\release" } else { "$checkout\target\release" }
        Set-Program "$built\downriver.exe" $program $false
    } else {
        throw 'install.ps1: this script is in no checkout, and no address of releases is known; give it with -BaseUrl URL'
    }
    # A program for another computer can be asked for nothing.
    $told = if (-not $NoExtras -and -not $Target) { Set-Completions $program }
    if (-not $Quiet) {
        "installed $program"
        $told
        if (($env:PATH -split ';') -notcontains $To) {
            "note: $To is not on your PATH; this line puts it there for new windows:"
            $quoted = $To -replace "'", "''"
            "  [Environment]::SetEnvironmentVariable('Path', '$quoted;' + [Environment]::GetEnvironmentVariable('Path', 'User'), 'User')"
        }
    }
}

Install-Downriver
