#include "client/locale_note.h"

#include <langinfo.h>
#include <locale.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace mosh::client {

std::string LocaleCharset() {
  // Character classes alone: messages and numbers stay as our texts have them.
  setlocale(LC_CTYPE, "");
  return nl_langinfo(CODESET);
}

std::string LocaleNote(absl::string_view charset, const Environment& environment) {
  if (absl::EqualsIgnoreCase(charset, "UTF-8") || absl::EqualsIgnoreCase(charset, "UTF8"))
    return "";
  std::string cause = "[no charset variables]";
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto value = environment(name);
    if (!value.has_value() || value->empty()) continue;
    cause = absl::StrCat(name, "=", *value);
    break;
  }
  const absl::string_view shown = charset == "ANSI_X3.4-1968" ? "US-ASCII" : charset;
  return absl::StrCat(
      "mosh: the local environment (", cause, ") specifies the character set \"", shown,
      "\".\nmosh goes on in UTF-8. If characters look wrong, use a UTF-8 terminal and "
      "locale, for example LANG=C.UTF-8.\n");
}

}  // namespace mosh::client
