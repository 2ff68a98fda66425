#include "mgmt/ctl/config.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "yaml-cpp/yaml.h"

namespace mosh::mgmt::ctl {
namespace {

constexpr char kCurrentContext[] = "current-context";

// A mistake in the file. Thrown as yaml-cpp throws its own, and caught where those are.
YAML::Exception Mistake(const YAML::Node& node, const std::string& what) {
  return YAML::Exception(node.Mark(), what);
}

std::string Text(const YAML::Node& node, const std::string& name) {
  if (!node.IsScalar()) throw Mistake(node, absl::StrCat("'", name, "' must be a text"));
  return node.Scalar();
}

// Calls `field` with each key and value.
template <class Field>
void ForFields(const YAML::Node& node, const std::string& what, Field field) {
  if (!node.IsMap()) throw Mistake(node, absl::StrCat(what, " must have names and values"));
  for (const auto& entry : node) {
    const std::string key = Text(entry.first, "a name");
    if (!field(key, entry.second)) {
      throw Mistake(entry.first, absl::StrCat(what, " knows no '", key, "'"));
    }
  }
}

std::string PathBeside(const std::string& config, const std::string& file) {
  if (file.empty() || file[0] == '/') return file;
  return absl::StrCat(config.substr(0, config.rfind('/') + 1), file);
}

TlsFiles ParseTls(const YAML::Node& node, const std::string& name, const std::string& path) {
  TlsFiles tls;
  ForFields(node, name, [&](const std::string& part, const YAML::Node& file) {
    std::string* const field = part == "ca"     ? &tls.ca
                               : part == "cert" ? &tls.cert
                               : part == "key"  ? &tls.key
                                                : nullptr;
    if (field != nullptr) *field = PathBeside(path, Text(file, part));
    return field != nullptr;
  });
  return tls;
}

Context ParseContext(const YAML::Node& node, const std::string& path) {
  Context context;
  ForFields(node, "a context", [&](const std::string& key, const YAML::Node& value) {
    if (key == "name") {
      context.name = Text(value, key);
    } else if (key == "server") {
      context.server = Text(value, key);
    } else if (key == "tls") {
      context.tls = ParseTls(value, key, path);
    } else if (key == "etcd") {
      if (!value.IsSequence()) throw Mistake(value, "'etcd' must be a list");
      for (const YAML::Node& endpoint : value) {
        context.fleet.etcd.push_back(Text(endpoint, "an endpoint"));
      }
    } else if (key == "etcd-tls") {
      context.fleet.tls = ParseTls(value, key, path);
    } else if (key == "etcd-prefix") {
      context.fleet.prefix = Text(value, key);
    } else {
      return false;
    }
    return true;
  });
  if (context.name.empty()) throw Mistake(node, "a context needs a name");
  if (context.server.empty() && context.fleet.etcd.empty()) {
    throw Mistake(node, "a context needs a server, or etcd");
  }
  if (!context.server.empty() && !context.fleet.etcd.empty()) {
    throw Mistake(node, "a context has a server or etcd, not both");
  }
  return context;
}

Config ParseRoot(const YAML::Node& root, const std::string& path) {
  Config config;
  if (root.IsNull()) return config;
  ForFields(root, "the configuration", [&](const std::string& key, const YAML::Node& value) {
    if (key == kCurrentContext) {
      if (!value.IsNull()) config.current_context = Text(value, key);
    } else if (key == "contexts") {
      if (!value.IsSequence()) throw Mistake(value, "'contexts' must be a list");
      for (const YAML::Node& node : value) {
        Context context = ParseContext(node, path);
        if (config.Find(context.name).ok()) {
          throw Mistake(node, absl::StrCat("there are two contexts '", context.name, "'"));
        }
        config.contexts.push_back(std::move(context));
      }
    } else {
      return false;
    }
    return true;
  });
  return config;
}

}  // namespace

absl::StatusOr<Context> Config::Find(absl::string_view name) const {
  std::vector<std::string> names;
  for (const Context& context : contexts) {
    if (context.name == name) return context;
    names.push_back(context.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the configuration has no context '", name, "'\n  It has ",
                   names.empty() ? "none at all" : absl::StrJoin(names, ", "), "."));
}

absl::StatusOr<Config> ParseConfig(const std::string& text, const std::string& path) {
  try {
    Config config = ParseRoot(YAML::Load(text), path);
    return config;
  } catch (const YAML::Exception& mistake) {
    const std::string line = mistake.mark.is_null() ? "" : absl::StrCat(":", mistake.mark.line + 1);
    return absl::InvalidArgumentError(absl::StrCat(path, line, ": ", mistake.msg));
  }
}

absl::StatusOr<std::string> WithCurrentContext(const std::string& text, const std::string& path,
                                               const std::string& name) {
  const absl::StatusOr<Config> config = ParseConfig(text, path);
  if (!config.ok()) return config.status();
  const absl::StatusOr<Context> context = config->Find(name);
  if (!context.ok()) return context.status();
  YAML::Emitter quoted;
  quoted << YAML::DoubleQuoted << name;
  const std::string line = absl::StrCat(kCurrentContext, ": ", quoted.c_str());
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  bool found = false;
  for (std::string& old : lines) {
    if (!absl::StartsWith(old, absl::StrCat(kCurrentContext, ":"))) continue;
    old = line;
    found = true;
  }
  if (!found) lines.insert(lines.begin(), line);
  std::string changed = absl::StrJoin(lines, "\n");
  const absl::StatusOr<Config> result = ParseConfig(changed, path);
  if (!result.ok() || result->current_context != name ||
      result->contexts.size() != config->contexts.size()) {
    return absl::InvalidArgumentError(absl::StrCat(path, " has no line for it\n  Set ",
                                                   kCurrentContext, " there with an editor."));
  }
  return changed;
}

std::string ConfigPath(const Surroundings& surroundings) {
  const std::string named = surroundings.variable("MOSHCTL_CONFIG");
  if (!named.empty()) return named;
  std::string home = surroundings.variable("XDG_CONFIG_HOME");
  if (home.empty() || home[0] != '/')
    home = absl::StrCat(surroundings.variable("HOME"), "/.config");
  const std::string stem = absl::StrCat(home, "/moshctl/config");
  struct stat file;
  const bool only_json = stat(absl::StrCat(stem, ".yaml").c_str(), &file) != 0 &&
                         stat(absl::StrCat(stem, ".json").c_str(), &file) == 0;
  return absl::StrCat(stem, only_json ? ".json" : ".yaml");
}

absl::StatusOr<std::string> ReadConfigText(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return "";
    return absl::FailedPreconditionError(absl::StrCat(path, ": ", strerror(errno)));
  }
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

absl::StatusOr<Config> ReadConfig(const Surroundings& surroundings) {
  const std::string path = ConfigPath(surroundings);
  absl::StatusOr<std::string> text = ReadConfigText(path);
  if (!text.ok()) return text.status();
  return ParseConfig(*text, path);
}

}  // namespace mosh::mgmt::ctl
