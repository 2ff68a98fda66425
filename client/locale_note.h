// A locale that isn't UTF-8 is never refused: mosh speaks UTF-8 with the terminal whatever the
// locale says. The user is told so, once.
#ifndef CLIENT_LOCALE_NOTE_H_
#define CLIENT_LOCALE_NOTE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "client/wrapper/options.h"

namespace mosh::client {

// The character set of the process's locale ("UTF-8", "ANSI_X3.4-1968"); adopts it from the
// environment.
std::string LocaleCharset();

// Empty for UTF-8; otherwise one or two lines that name the variable at fault.
std::string LocaleNote(absl::string_view charset, const Environment& environment);

}  // namespace mosh::client

#endif  // CLIENT_LOCALE_NOTE_H_
