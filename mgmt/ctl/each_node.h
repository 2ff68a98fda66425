// Asks each node of the fleet itself, as who the caller is: for what an agent tells of its own node
// alone, whoever asks (recordings, the audit log, operations). Many at a time.
#ifndef MGMT_CTL_EACH_NODE_H_
#define MGMT_CTL_EACH_NODE_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mgmt/ctl/api.h"
#include "mgmt/ctl/commands.h"
#include "mosh/fleet/v1/node.pb.h"

namespace mosh::mgmt::ctl {

struct NodeAgent {
  std::string node;  // "nodes/NODE"
  Api* api;          // no other node has it
};

// A node that told nothing, and why.
struct SilentNode {
  std::string node;
  absl::Status why;
};

struct NodeAgents {
  std::vector<NodeAgent> agents;   // by name
  std::vector<SilentNode> silent;  // there is no way to them
  // Whether more than one node is meant: what is shown names its node then.
  bool several() const { return agents.size() + silent.size() > 1; }
};

// All that the agent knows of, or the one of this id or name. kNotFound: there is none.
absl::StatusOr<NodeAgents> FindAgents(const Workplace& work, const std::string& node);

// All nodes of ListNodes that the filter matches.
absl::StatusOr<::mosh::fleet::v1::ListNodesResponse> ListNodes(const Workplace& work,
                                                               const std::string& filter);
// "nodes/NODE", of that or of an id.
std::string NodeName(const std::string& given);

template <class Response>
using AskNode = std::function<absl::StatusOr<Response>(const NodeAgent&)>;

// What each answers, in their order. `ask` runs in several threads, each with an agent of its own.
template <class Response>
std::vector<absl::StatusOr<Response>> AskEach(const std::vector<NodeAgent>& agents,
                                              const AskNode<Response>& ask) {
  // Each waits for one node most of the time.
  constexpr size_t kThreads = 32;
  std::vector<absl::StatusOr<Response>> answers(agents.size());
  std::atomic<size_t> next = 0;
  const auto run = [&] {
    for (size_t i = next++; i < agents.size(); i = next++) answers[i] = ask(agents[i]);
  };
  std::vector<std::thread> threads;
  for (size_t i = 1; i < std::min(kThreads, agents.size()); ++i) threads.emplace_back(run);
  run();
  for (std::thread& thread : threads) thread.join();
  return answers;
}

// Names those that told nothing on stderr. An error, that of the first, if nobody told anything.
absl::Status RemarkSilent(const Workplace& work, const std::vector<SilentNode>& silent,
                          bool nobody_told);

// What nodes have told, by node; `several` as of NodeAgents.
template <class Response>
struct NodeAnswers {
  std::vector<Response> of;
  bool several = false;
};

// Of all nodes that are meant (FindAgents); on stderr are those that don't answer. An error if
// there is not one that does.
template <class Response>
absl::StatusOr<NodeAnswers<Response>> AskNodes(const Workplace& work, const std::string& node,
                                               const AskNode<Response>& ask) {
  absl::StatusOr<NodeAgents> nodes = FindAgents(work, node);
  if (!nodes.ok()) return nodes.status();
  NodeAnswers<Response> answers;
  answers.several = nodes->several();
  std::vector<absl::StatusOr<Response>> all = AskEach(nodes->agents, ask);
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].ok()) {
      answers.of.push_back(*std::move(all[i]));
    } else {
      nodes->silent.push_back({nodes->agents[i].node, all[i].status()});
    }
  }
  const absl::Status status = RemarkSilent(work, nodes->silent, answers.of.empty());
  if (!status.ok()) return status;
  return answers;
}

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_EACH_NODE_H_
