#include "mgmt/fleet/static_nodes.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mgmt/agent/names.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;

namespace {

bool IsEndpoint(absl::string_view text) {
  const size_t colon = text.rfind(':');
  uint32_t port;
  return colon != absl::string_view::npos && colon > 0 &&
         absl::SimpleAtoi(text.substr(colon + 1), &port) && port > 0 && port <= 65'535;
}

}  // namespace

absl::StatusOr<std::map<std::string, fleet::Node>> ReadStaticNodes(const std::string& path,
                                                                   const std::string& own) {
  std::ifstream file(path);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": ", strerror(errno)));
  absl::StatusOr<std::map<std::string, fleet::Node>> nodes = ParseStaticNodes(text.str(), own);
  if (nodes.ok()) return nodes;
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": ", absl::string_view(nodes.status().message())));
}

absl::StatusOr<std::map<std::string, fleet::Node>> ParseStaticNodes(const std::string& text,
                                                                    const std::string& own) {
  std::map<std::string, fleet::Node> nodes;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = line.substr(0, line.find('#'));
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.empty()) continue;
    const auto bad = [number](absl::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", what));
    };
    if (words.size() != 2) return bad("NODE HOST:PORT is wanted");
    if (!IsNodeId(words[0])) return bad(absl::StrCat(words[0], " can't be the name of a node"));
    if (!IsEndpoint(words[1])) return bad(absl::StrCat(words[1], " is not HOST:PORT"));
    const std::string name = absl::StrCat("nodes/", words[0]);
    fleet::Node& node = nodes[name];
    if (!node.name().empty()) return bad(absl::StrCat(words[0], " was there before"));
    node.set_name(name);
    node.set_endpoint(std::string(words[1]));
    node.set_state(fleet::Node::READY);
  }
  if (!nodes.contains(own)) {
    return absl::InvalidArgumentError(
        absl::StrCat("this is ", own,
                     ", which is not among the nodes there; --node gives it another "
                     "name"));
  }
  return nodes;
}

}  // namespace mosh::mgmt
