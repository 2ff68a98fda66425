#include "mgmt/fleet/node_watch.h"

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;

namespace {

// The same for the same node: maps have no order of their own.
std::string TextOf(const fleet::Node& node) {
  std::string text;
  google::protobuf::io::StringOutputStream out(&text);
  google::protobuf::io::CodedOutputStream coded(&out);
  coded.SetSerializationDeterministic(true);
  node.SerializeToCodedStream(&coded);
  coded.Trim();
  return text;
}

}  // namespace

void NodeVersions::Update() {
  std::erase_if(versions_, [this](const auto& entry) {
    const bool gone = !nodes_->nodes().contains(entry.first);
    if (gone) texts_.erase(entry.first);
    return gone;
  });
  for (const auto& [name, node] : nodes_->nodes()) {
    std::string text = TextOf(node);
    uint64_t& version = versions_[name];
    std::string& before = texts_[name];
    if (version != 0 && before == text) continue;
    before = std::move(text);
    version = ++last_;
  }
}

fleet::WatchNodesResponse NodeWatch::Next(int max_events, const std::string& problem, bool* more) {
  fleet::WatchNodesResponse response;
  *more = false;
  const auto& nodes = versions_->nodes().nodes();
  const auto full = [&] { return *more = response.events_size() >= max_events; };
  const auto add = [&](fleet::NodeEvent::Type type) {
    response.add_events()->set_type(type);
    return response.mutable_events(response.events_size() - 1)->mutable_node();
  };
  const auto shown = [&](const std::string& name) {
    const auto node = nodes.find(name);
    return node != nodes.end() && versions_->versions().contains(name) && visible_(name) &&
           filter_.Matches(node->second);
  };
  for (auto told = told_.begin(); told != told_.end() && !full();) {
    if (shown(told->first)) {
      ++told;
      continue;
    }
    add(fleet::NodeEvent::DELETED)->set_name(told->first);
    told = told_.erase(told);
  }
  for (const auto& [name, version] : versions_->versions()) {
    const auto told = told_.find(name);
    if ((told != told_.end() && told->second == version) || !shown(name)) continue;
    if (full()) break;
    *add(told == told_.end() ? fleet::NodeEvent::ADDED : fleet::NodeEvent::MODIFIED) =
        nodes.at(name);
    told_[name] = version;
  }
  if (!synced_ && !*more) {
    response.add_events()->set_type(fleet::NodeEvent::SYNCED);
    synced_ = true;
  }
  told_something_ = response.events_size() > 0 || problem != problem_;
  problem_ = problem;
  response.set_problem(problem_);
  return response;
}

}  // namespace mosh::mgmt
