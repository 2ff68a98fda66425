// Gives the session a UTF-8 locale, whatever it finds. Sources: docs/spec/cli.md §2.2 and §3.1.
//
// Stock refuses to start where neither its own environment nor the client's wishes name an
// installed UTF-8 locale. We never refuse: this server decodes UTF-8 by itself and needs no locale,
// so only the programs in the session matter, and for them LC_CTYPE=C.UTF-8 does.
#ifndef SERVER_LOCALE_H_
#define SERVER_LOCALE_H_

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "server/environment.h"

namespace mosh::server {

// The character set of a locale by name, such as "UTF-8"; nullopt: not installed here.
using CharsetProbe = std::function<std::optional<std::string>(const std::string& locale)>;

// Asks the C library, without changing the process's locale.
std::optional<std::string> ProbeCharset(const std::string& locale);

// Changes `environment` so that it names a UTF-8 locale, in this order of preference:
//   1. as it is;
//   2. with all locale variables replaced by `client` (NAME=VALUE, what -l gave);
//   3. with LC_CTYPE=C.UTF-8, the other categories as they were.
// Returns what to tell the user on stderr: empty for 1 and, unless the environment names a locale
// that isn't installed, for 2.
std::string AdoptUtf8Locale(std::span<const std::string> client, const CharsetProbe& probe,
                            Environment* environment);

}  // namespace mosh::server

#endif  // SERVER_LOCALE_H_
