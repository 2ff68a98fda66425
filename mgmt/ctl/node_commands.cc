// nodes: the fleet's, one, forgotten ones.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "mgmt/ctl/commands.h"
#include "mgmt/ctl/each_node.h"
#include "mgmt/ctl/session_view.h"
#include "mgmt/ctl/stream_reader.h"
#include "mgmt/ctl/text.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

namespace {

constexpr absl::Duration kFirstRetry = absl::Milliseconds(250);
constexpr absl::Duration kLastRetry = absl::Seconds(10);

absl::Status Describe(const Workplace& work, const fleet::Node& node) {
  if (ForPrograms(work.options.format)) return PrintMessage(work, node);
  PrintTable(work, NodeRows(node, work.surroundings.now()));
  if (!node.hosts().empty()) {
    work.surroundings.Print("\n");
    PrintTable(work, HostRows(node, work.surroundings.now()));
  }
  for (const std::string& problem : node.problems()) work.surroundings.Remark(Harmless(problem));
  return absl::OkStatus();
}

absl::StatusOr<fleet::Node> GetNode(const Workplace& work, const std::string& name) {
  fleet::GetNodeRequest request;
  request.set_name(name);
  return work.api.Call(&Api::Stub::GetNode, request);
}

absl::Status NodeCommand(const Workplace& work, const std::string& name) {
  const absl::StatusOr<fleet::Node> node = GetNode(work, name);
  if (node.ok()) return Describe(work, *node);
  // What the registry has of it is better than nothing.
  const absl::StatusOr<fleet::ListNodesResponse> list =
      ListNodes(work, absl::StrCat("name = \"", name, "\""));
  if (!list.ok() || list->nodes().empty()) return node.status();
  if (ForPrograms(work.options.format)) return PrintMessage(work, list->nodes(0));
  PrintTable(work, FleetRows(list->nodes(), work.surroundings.now()));
  work.surroundings.Remark(absl::StrCat("there is no more to see of it from here: ",
                                        absl::string_view(node.status().message())));
  return absl::OkStatus();
}

// What has been printed of the nodes, so that a stream that begins anew prints only what is new.
class Printed {
 public:
  explicit Printed(const Workplace& work) : work_(work) {}

  void BeginAnew() { seen_.clear(); }

  absl::Status Print(fleet::NodeEvent event) {
    const std::string& name = event.node().name();
    if (event.type() == fleet::NodeEvent::SYNCED) return PrintGone();
    if (event.type() == fleet::NodeEvent::DELETED) {
      if (printed_.erase(name) == 0) return absl::OkStatus();
      return PrintOne(event);
    }
    seen_[name] = true;
    const auto [before, is_new] = printed_.try_emplace(name, event.node());
    if (!is_new) {
      if (before->second.SerializeAsString() == event.node().SerializeAsString()) {
        return absl::OkStatus();
      }
      before->second = event.node();
      event.set_type(fleet::NodeEvent::MODIFIED);
    }
    return PrintOne(event);
  }

 private:
  absl::Status PrintOne(const fleet::NodeEvent& event) {
    if (ForPrograms(work_.options.format)) return PrintStreamed(work_, event);
    work_.surroundings.Print(
        NodeEventLine(event, work_.surroundings.now(), work_.surroundings.colors));
    work_.surroundings.out->flush();
    return absl::OkStatus();
  }
  // Those that went while nobody told.
  absl::Status PrintGone() {
    for (auto node = printed_.begin(); node != printed_.end();) {
      if (seen_.contains(node->first)) {
        ++node;
        continue;
      }
      fleet::NodeEvent event;
      event.set_type(fleet::NodeEvent::DELETED);
      event.mutable_node()->set_name(node->first);
      node = printed_.erase(node);
      if (absl::Status status = PrintOne(event); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  const Workplace& work_;
  std::map<std::string, fleet::Node> printed_;
  std::map<std::string, bool> seen_;  // since the stream began
};

absl::Status WatchNodes(const Workplace& work) {
  fleet::WatchNodesRequest request;
  request.set_filter(work.options.filter);
  Printed printed(work);
  std::string problem;
  absl::Duration retry = kFirstRetry;
  bool ever_heard = false;
  while (work.surroundings.out->good()) {
    printed.BeginAnew();
    StreamReader<fleet::WatchNodesResponse> reader(
        [stub = work.api.stub(), request](grpc::ClientContext* context) {
          return stub->WatchNodes(context, request);
        });
    bool heard = false;
    std::optional<grpc::Status> end;
    while (!end && work.surroundings.out->good()) {
      if (!WaitForNews(reader, heard ? absl::InfiniteDuration() : work.api.timeout())) {
        end = grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "");
        break;
      }
      while (const std::optional<fleet::WatchNodesResponse> response = reader.Take()) {
        heard = ever_heard = true;
        retry = kFirstRetry;
        for (const fleet::NodeEvent& event : response->events()) {
          if (absl::Status status = printed.Print(event); !status.ok()) return status;
        }
        if (response->problem() != problem) {
          problem = response->problem();
          work.surroundings.Remark(problem.empty() ? "the list of nodes is up to date again"
                                                   : Harmless(problem));
        }
      }
      end = reader.end();
    }
    if (!end) break;
    const absl::Status status = work.api.Explain(*end);
    if (!ever_heard || end->error_code() != grpc::StatusCode::UNAVAILABLE) return status;
    work.surroundings.Remark(
        absl::StrCat(absl::string_view(status.message()), "\n  Trying again."));
    absl::SleepFor(retry);
    retry = std::min(2 * retry, kLastRetry);
  }
  return absl::UnknownError("nobody reads this any more");
}

}  // namespace

absl::Status NodesCommand(const Workplace& work) {
  if (!work.options.nodes.empty()) return NodeCommand(work, NodeName(work.options.nodes.front()));
  if (work.options.follow) return WatchNodes(work);
  const absl::StatusOr<fleet::ListNodesResponse> list = ListNodes(work, work.options.filter);
  if (!list.ok()) return list.status();
  if (ForPrograms(work.options.format)) return PrintMessage(work, *list);
  // Of one there is room for all of it.
  if (list->nodes_size() == 1 && work.options.filter.empty()) {
    const absl::StatusOr<fleet::Node> node = GetNode(work, list->nodes(0).name());
    return node.ok() ? Describe(work, *node) : node.status();
  }
  if (list->nodes().empty()) {
    work.surroundings.Print("No nodes that the filter lets through.\n");
  } else {
    PrintTable(work, FleetRows(list->nodes(), work.surroundings.now()));
  }
  if (!list->problem().empty()) work.surroundings.Remark(Harmless(list->problem()));
  return absl::OkStatus();
}

absl::Status NodesForgetCommand(const Workplace& work) {
  absl::Status first;
  std::vector<std::string> failures;
  for (const std::string& given : work.options.nodes) {
    fleet::ForgetNodeRequest request;
    request.set_name(NodeName(given));
    request.set_validate_only(work.options.dry_run);
    request.set_reason(work.options.reason);
    const absl::Status status = work.api.Call(&Api::Stub::ForgetNode, request).status();
    if (status.ok()) {
      work.surroundings.Print(absl::StrCat(
          Harmless(given), work.options.dry_run ? " could be forgotten\n" : " forgotten\n"));
    } else {
      first.Update(status);
      failures.push_back(absl::StrCat(Harmless(given), ": ", absl::string_view(status.message())));
    }
  }
  return absl::Status(first.code(), absl::StrJoin(failures, "\n"));
}

}  // namespace mosh::mgmt::ctl
