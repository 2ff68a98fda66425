#include "server/locale.h"

#include <langinfo.h>
#include <locale.h>

#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace mosh::server {
namespace {

constexpr std::array<const char*, 15> kLocaleVariables = {
    "LANG",       "LANGUAGE",     "LC_CTYPE",       "LC_NUMERIC",        "LC_TIME",
    "LC_COLLATE", "LC_MONETARY",  "LC_MESSAGES",    "LC_PAPER",          "LC_NAME",
    "LC_ADDRESS", "LC_TELEPHONE", "LC_MEASUREMENT", "LC_IDENTIFICATION", "LC_ALL"};

// The variable that decides about the character set, and its value.
struct CharsetVariable {
  std::string name;  // empty: none is set, which means the C locale
  std::string value;
  std::string Describe() const {
    return name.empty() ? "[no charset variables]" : absl::StrCat(name, "=", value);
  }
};

CharsetVariable FindCharsetVariable(const Environment& environment) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::optional<std::string> value = environment.Get(name);
    if (value && !value->empty()) return {name, *std::move(value)};
  }
  return {};
}

bool IsUtf8(const std::optional<std::string>& charset) {
  return charset && absl::EqualsIgnoreCase(*charset, "UTF-8");
}

std::optional<std::string> CharsetOf(const CharsetVariable& variable, const CharsetProbe& probe) {
  return probe(variable.name.empty() ? "C" : variable.value);
}

void ReplaceLocaleVariables(std::span<const std::string> assignments, Environment& environment) {
  for (const char* name : kLocaleVariables) environment.Unset(name);
  for (const std::string& assignment : assignments) {
    const size_t equals = assignment.find('=');
    if (equals == std::string::npos) continue;
    environment.Set(assignment.substr(0, equals), assignment.substr(equals + 1));
  }
}

// LC_ALL outranks LC_CTYPE, so it has to go; what it said about the other categories moves to LANG.
void SetCharacterType(absl::string_view locale, Environment& environment) {
  const std::optional<std::string> all = environment.Get("LC_ALL");
  if (all && !all->empty()) {
    for (const char* name : kLocaleVariables) {
      if (absl::string_view(name) != "LANGUAGE") environment.Unset(name);
    }
    environment.Set("LANG", *all);
  }
  environment.Unset("LC_ALL");
  environment.Set("LC_CTYPE", locale);
}

std::string NotInstalled(const CharsetVariable& variable) {
  return absl::StrCat("The locale requested by ", variable.Describe(), " isn't available here.\n",
                      "Running `locale-gen ", variable.value, "' may be necessary.\n");
}

std::string CharsetName(const std::optional<std::string>& charset) {
  if (!charset) return "none: it isn't installed";
  return *charset == "ANSI_X3.4-1968" ? "US-ASCII" : *charset;
}

}  // namespace

std::optional<std::string> ProbeCharset(const std::string& name) {
  const locale_t locale = newlocale(LC_CTYPE_MASK, name.c_str(), static_cast<locale_t>(0));
  if (locale == static_cast<locale_t>(0)) return std::nullopt;
  std::string charset = nl_langinfo_l(CODESET, locale);
  freelocale(locale);
  return charset;
}

std::string AdoptUtf8Locale(std::span<const std::string> client, const CharsetProbe& probe,
                            Environment* environment) {
  const CharsetVariable ours = FindCharsetVariable(*environment);
  const std::optional<std::string> our_charset = CharsetOf(ours, probe);
  if (IsUtf8(our_charset)) return "";
  std::string message;
  if (!our_charset) message = NotInstalled(ours);

  if (!client.empty()) {
    Environment wished = *environment;
    ReplaceLocaleVariables(client, wished);
    if (IsUtf8(CharsetOf(FindCharsetVariable(wished), probe))) {
      *environment = std::move(wished);
      return message;
    }
  }

  // Older systems know the same locale by other names; where none is installed the first is as good
  // as any, for programs that look no further than the name.
  absl::string_view chosen = "C.UTF-8";
  for (const char* name : {"C.UTF-8", "C.utf8", "en_US.UTF-8"}) {
    if (!IsUtf8(probe(name))) continue;
    chosen = name;
    break;
  }
  SetCharacterType(chosen, *environment);
  absl::StrAppend(&message, "No UTF-8 locale here (", ours.Describe(), " has the character set ",
                  CharsetName(our_charset), "): the session uses LC_CTYPE=", chosen, ".\n");
  return message;
}

}  // namespace mosh::server
