#include "mgmt/ctl/each_node.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mgmt/ctl/text.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

std::string NodeName(const std::string& given) {
  return absl::StartsWith(given, "nodes/") ? given : absl::StrCat("nodes/", given);
}

absl::StatusOr<fleet::ListNodesResponse> ListNodes(const Workplace& work,
                                                   const std::string& filter) {
  fleet::ListNodesRequest request;
  request.set_filter(filter);
  return work.api.CallAllPages(&Api::Stub::ListNodes, std::move(request));
}

absl::StatusOr<NodeAgents> FindAgents(const Workplace& work, const std::string& node) {
  const std::string filter = node.empty() ? "" : absl::StrCat("name = \"", NodeName(node), "\"");
  const absl::StatusOr<fleet::ListNodesResponse> list = ListNodes(work, filter);
  if (!list.ok()) return list.status();
  if (list->nodes().empty()) {
    return absl::NotFoundError(absl::StrCat("there is no node ", Harmless(node),
                                            "\n  `moshctl nodes` shows which there are."));
  }
  fleet::GetNodeRequest answering;
  answering.set_name(kAnyNode);
  const absl::StatusOr<fleet::Node> own = work.api.Call(&Api::Stub::GetNode, answering);
  if (!own.ok()) return own.status();
  NodeAgents found;
  for (const fleet::Node& each : list->nodes()) {
    if (each.name() == own->name()) {
      found.agents.push_back({each.name(), &work.api});
    } else if (each.state() == fleet::Node::LOST) {
      found.silent.push_back({each.name(), absl::UnavailableError("it is lost")});
    } else if (each.endpoint().empty()) {
      found.silent.push_back({each.name(), absl::UnavailableError("it listens nowhere")});
    } else if (const absl::StatusOr<Api*> api = work.api.At(each.endpoint()); api.ok()) {
      found.agents.push_back({each.name(), *api});
    } else {
      found.silent.push_back({each.name(), api.status()});
    }
  }
  return found;
}

absl::Status RemarkSilent(const Workplace& work, const std::vector<SilentNode>& silent,
                          bool nobody_told) {
  constexpr size_t kShown = 5;
  if (silent.empty()) return absl::OkStatus();
  if (nobody_told && silent.size() == 1) return silent[0].why;
  for (size_t i = 0; i < std::min(silent.size(), kShown); ++i) {
    work.surroundings.Remark(
        absl::StrCat(Harmless(silent[i].node), ": ", absl::string_view(silent[i].why.message())));
  }
  if (silent.size() > kShown) {
    work.surroundings.Remark(
        absl::StrCat("and nothing of ", silent.size() - kShown, " more nodes"));
  }
  if (!nobody_told) return absl::OkStatus();
  return absl::Status(silent[0].why.code(), "no node has told anything");
}

}  // namespace mosh::mgmt::ctl
