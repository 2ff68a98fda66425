// audit: who did what, on one node or on all. No agent reads another's audit log, so each is asked
// itself.
#include <poll.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "mgmt/ctl/commands.h"
#include "mgmt/ctl/each_node.h"
#include "mgmt/ctl/session_view.h"
#include "mgmt/ctl/stream_reader.h"
#include "mgmt/ctl/text.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

namespace {

using Reader = StreamReader<fleet::AuditEntry>;

constexpr absl::Duration kFirstRetry = absl::Milliseconds(250);
constexpr absl::Duration kLastRetry = absl::Seconds(10);
// Nodes that have come meanwhile are followed too.
constexpr absl::Duration kLookForNodes = absl::Seconds(30);

fleet::TailAuditRequest ToTail(const std::string& node, const Options& options) {
  fleet::TailAuditRequest request;
  request.set_parent(node);
  request.set_start_sequence(options.from);
  if (options.from == 0) request.set_count(options.count);
  return request;
}

std::unique_ptr<Reader> Open(const NodeAgent& agent, const fleet::TailAuditRequest& request) {
  return std::make_unique<Reader>([stub = agent.api->stub(), request](auto* context) {
    return stub->TailAudit(context, request);
  });
}

// With the name of the node that was asked, whatever it calls itself.
std::optional<fleet::AuditEntry> Take(Reader* reader, const std::string& node) {
  std::optional<fleet::AuditEntry> entry = reader->Take();
  if (entry) entry->set_node(node);
  return entry;
}

absl::Status Print(const Workplace& work, const fleet::AuditEntry& entry, bool with_node) {
  if (ForPrograms(work.options.format)) return PrintStreamed(work, entry);
  work.surroundings.Print(AuditLine(entry, with_node, work.surroundings.colors));
  work.surroundings.out->flush();
  return absl::OkStatus();
}

// Those that there are, or until the stream ends: to `out` one by one, each as it comes.
absl::Status Read(const NodeAgent& agent, const fleet::TailAuditRequest& request,
                  const std::function<absl::Status(fleet::AuditEntry)>& out) {
  const std::unique_ptr<Reader> reader = Open(agent, request);
  // Followed, an empty log may stay empty for long.
  const absl::Duration limit = request.follow() ? absl::InfiniteDuration() : agent.api->timeout();
  while (true) {
    if (!WaitForNews(*reader, limit)) {
      return agent.api->Explain(grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, ""));
    }
    while (std::optional<fleet::AuditEntry> entry = Take(reader.get(), agent.node)) {
      if (absl::Status status = out(*std::move(entry)); !status.ok()) return status;
    }
    if (const std::optional<grpc::Status> end = reader->end()) return agent.api->Explain(*end);
  }
}

// It may be better soon.
bool IsAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status) || absl::IsCancelled(status);
}

// All nodes' entries as they come; a node that goes away is asked again from where it was.
class Follower {
 public:
  explicit Follower(const Workplace& work) : work_(work) {}

  // From this entry on; 0: from the last ones on. `over`: it needn't be asked again.
  void Add(NodeAgent agent, int64_t next, bool over = false) {
    const std::string node = agent.node;
    nodes_.emplace(node, Followed{.agent = std::move(agent), .next = next, .over = over});
  }

  // Until all have ended for good: with the first one's error, if there is one.
  absl::Status Run() {
    absl::Time look_at = absl::Now() + kLookForNodes;
    while (std::any_of(nodes_.begin(), nodes_.end(),
                       [](const auto& node) { return !node.second.over; })) {
      Wait(look_at);
      if (absl::Now() >= look_at) {
        LookForMore();
        look_at = absl::Now() + kLookForNodes;
      }
      for (auto& [name, node] : nodes_) {
        const absl::Status printed = Serve(&node);
        if (!printed.ok()) return printed;
      }
    }
    return first_;
  }

 private:
  struct Followed {
    NodeAgent agent;
    int64_t next;
    std::unique_ptr<Reader> reader;  // null: to be opened at retry_at
    absl::Time retry_at = absl::InfinitePast();
    absl::Duration pause = kFirstRetry;
    bool away = false;
    bool over = false;
  };

  void Wait(absl::Time until) const {
    std::vector<pollfd> news;
    for (const auto& [name, node] : nodes_) {
      if (node.reader != nullptr) {
        news.push_back({.fd = node.reader->fd(), .events = POLLIN, .revents = 0});
      } else if (!node.over) {
        until = std::min(until, node.retry_at);
      }
    }
    const timespec limit = absl::ToTimespec(std::max(until - absl::Now(), absl::ZeroDuration()));
    (void)ppoll(news.data(), news.size(), &limit, nullptr);
  }

  void LookForMore() {
    absl::StatusOr<NodeAgents> found = FindAgents(work_, "");
    if (!found.ok()) return;  // those that are followed tell themselves
    for (NodeAgent& agent : found->agents) {
      if (!nodes_.contains(agent.node)) Add(std::move(agent), 0);
    }
  }

  // An error: it can't be printed.
  absl::Status Serve(Followed* node) {
    if (node->over) return absl::OkStatus();
    if (node->reader == nullptr) {
      if (absl::Now() < node->retry_at) return absl::OkStatus();
      fleet::TailAuditRequest request = ToTail(node->agent.node, work_.options);
      if (node->next > 0) {
        request.set_start_sequence(node->next);
        request.clear_count();
      }
      request.set_follow(true);
      node->reader = Open(node->agent, request);
    }
    while (const std::optional<fleet::AuditEntry> entry =
               Take(node->reader.get(), node->agent.node)) {
      node->next = entry->sequence() + 1;
      node->pause = kFirstRetry;
      node->away = false;
      const absl::Status printed = Print(work_, *entry, /*with_node=*/true);
      if (!printed.ok()) return printed;
    }
    if (const std::optional<grpc::Status> end = node->reader->end()) OnEnd(node, *end);
    return absl::OkStatus();
  }

  void OnEnd(Followed* node, const grpc::Status& end) {
    node->reader = nullptr;
    const absl::Status why = node->agent.api->Explain(end);
    const bool was_away = std::exchange(node->away, IsAway(why));
    node->over = !node->away;
    node->retry_at = absl::Now() + node->pause;
    node->pause = std::min(2 * node->pause, kLastRetry);
    if (node->over) first_.Update(why);
    if (!why.ok() && !was_away) {
      work_.surroundings.Remark(absl::StrCat(Harmless(node->agent.node),
                                             node->away ? " is asked again: " : ": ",
                                             absl::string_view(why.message())));
    }
  }

  const Workplace& work_;
  std::map<std::string, Followed> nodes_;
  absl::Status first_;
};

bool Earlier(const fleet::AuditEntry& a, const fleet::AuditEntry& b) {
  const absl::Time a_time = ToTime(a.time()), b_time = ToTime(b.time());
  if (a_time != b_time) return a_time < b_time;
  return a.node() != b.node() ? a.node() < b.node() : a.sequence() < b.sequence();
}

absl::Status OfSeveral(const Workplace& work, NodeAgents nodes) {
  using Entries = std::vector<fleet::AuditEntry>;
  const std::vector<absl::StatusOr<Entries>> all =
      AskEach<Entries>(nodes.agents, [&work](const NodeAgent& agent) -> absl::StatusOr<Entries> {
        Entries entries;
        const absl::Status status =
            Read(agent, ToTail(agent.node, work.options), [&entries](fleet::AuditEntry entry) {
              entries.push_back(std::move(entry));
              return absl::OkStatus();
            });
        if (!status.ok()) return status;
        return entries;
      });
  Follower follower(work);
  Entries merged;
  bool told = false;
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].ok()) {
      told = true;
      merged.insert(merged.end(), all[i]->begin(), all[i]->end());
    } else {
      nodes.silent.push_back({nodes.agents[i].node, all[i].status()});
    }
    // Of an empty log the first is the next one.
    const int64_t next = !all[i].ok() ? 0 : all[i]->empty() ? 1 : all[i]->back().sequence() + 1;
    follower.Add(nodes.agents[i], next, !all[i].ok() && !IsAway(all[i].status()));
  }
  const absl::Status silent = RemarkSilent(work, nodes.silent, !told);
  if (!silent.ok()) return silent;
  std::sort(merged.begin(), merged.end(), Earlier);
  const size_t count = std::min<size_t>(merged.size(), static_cast<size_t>(work.options.count));
  for (size_t i = merged.size() - count; i < merged.size(); ++i) {
    const absl::Status printed = Print(work, merged[i], /*with_node=*/true);
    if (!printed.ok()) return printed;
  }
  return work.options.follow ? follower.Run() : absl::OkStatus();
}

}  // namespace

absl::Status AuditCommand(const Workplace& work) {
  absl::StatusOr<NodeAgents> nodes = FindAgents(work, work.options.node);
  if (!nodes.ok()) return nodes.status();
  if (nodes->several() && work.options.from > 0) {
    return absl::InvalidArgumentError(
        "--from counts the entries of one node\n  Say which with --node.");
  }
  if (nodes->several()) return OfSeveral(work, *std::move(nodes));
  if (nodes->agents.empty()) return nodes->silent[0].why;
  fleet::TailAuditRequest request = ToTail(nodes->agents[0].node, work.options);
  request.set_follow(work.options.follow);
  return Read(nodes->agents[0], request, [&work](const fleet::AuditEntry& entry) {
    return Print(work, entry, /*with_node=*/false);
  });
}

}  // namespace mosh::mgmt::ctl
