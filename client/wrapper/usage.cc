#include "absl/strings/str_cat.h"
#include "base/version.h"
#include "client/wrapper/options.h"

namespace mosh::client {

std::string WrapperUsage(absl::string_view program) {
  return absl::StrCat("Usage: ", program, R"( [options] [--] [user@]host [command...]
       )",
                      program, R"( --here [--net=PROFILE] [command...]
       )",
                      program, R"( --resume[=ID]

Logs in through ssh, then keeps the session over UDP: it survives sleep, roaming
and bad networks. Quit with Ctrl-^ followed by a dot.

Trying it out
  --here                  no ssh, no second machine: a server of our own on this
                          machine, reached over loopback
  --net=PROFILE           with --here: a bad network in between. ev-do, lte, lossy,
                          train, singapore, or your own, for example
                          delay=250,loss=0.1 (milliseconds one way, share lost)

Sessions that run already (with mosh-server of mosh-fleet on the other side)
  --list                  show yours on that host
  --attach[=ID]           go into one again, or with one more client; without ID
                          into the one that was left last
  --view                  with --attach: only watch
  --steal                 with --attach: its other clients are told to leave

Echo of what you type, before the server has answered
  --predict=adaptive      when the line is slow (the default)
  --predict=always, -a    even when it is fast
  --predict=never, -n     not at all
  --predict=experimental  at once, right or wrong
  --predict-overwrite, -o predicted characters replace, instead of insert

After a crash of this program or this machine
  --resume                goes on with the latest session, without ssh, if its
                          server is ours; --resume=ID (or =user@host) with another
  --resume=list           shows what can be resumed
  --forget=ID             throws away what is kept of a session
  --no-resume             keep nothing of this one (also: MOSH_NO_RESUME=1)

The way to the server
  --ssh=COMMAND           what runs ssh (default: ssh), e.g. "ssh -p 2222"
  --no-ssh-pty            ask ssh for no terminal
  --family=FAMILY         inet, inet6, prefer-inet (the default), prefer-inet6,
                          all, or auto (refuses hosts that have both)
  -4, -6                  short for --family=inet and --family=inet6
  --port=PORT[:PORT2], -p the server's UDP port or range (60001:60999);
                          ssh's own port is not touched
  --bind-server=WHERE     the server answers from: ssh (the address ssh reached,
                          the default), any, or an IP address
  --remote-ip=HOW         how the server's address is found: proxy (our own ssh
                          ProxyCommand connects, the default), remote (the server
                          is asked: for jump hosts), local (looked up here).
                          Also known as --experimental-remote-ip

Programs and terminal
  --server=COMMAND        server to run on the other side (default: mosh-server)
  --client=PATH           another client than this program, e.g. mosh-client
  --local                 run the server here, without ssh; "host" is then the
                          address it listens on
  --no-init               leave the alternate screen alone
  --escape-key=KEY        instead of Ctrl-^: a character such as ~, ^X or Ctrl-X, or none

  --help, --version
)");
}

std::string VersionText(absl::string_view program) {
  return absl::StrCat(program, " (mosh-fleet " MOSH_FLEET_VERSION R"(), compatible with mosh 1.4.0
Copyright 2026 The mosh-fleet authors
Licensed under the Apache License, Version 2.0: https://www.apache.org/licenses/LICENSE-2.0
There is no warranty, to the extent permitted by law.
)");
}

}  // namespace mosh::client
