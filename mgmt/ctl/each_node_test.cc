// Commands that ask each node itself, with two fake agents and what there is no way to.
#include "mgmt/ctl/each_node.h"

#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mgmt/ctl/api.h"
#include "mgmt/ctl/commands.h"
#include "mgmt/ctl/server_choice.h"
#include "mgmt/ctl/testing/moshctl_runner.h"

namespace mosh::mgmt::ctl {
namespace {

namespace fleet = ::mosh::fleet::v1;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

fleet::Node NodeOf(const std::string& name, const std::string& endpoint,
                   fleet::Node::State state = fleet::Node::READY) {
  fleet::Node node;
  node.set_name(name);
  node.set_endpoint(endpoint);
  node.set_state(state);
  return node;
}

fleet::AuditEntry Entry(int64_t sequence, int64_t at, const std::string& caller) {
  fleet::AuditEntry entry;
  entry.set_sequence(sequence);
  entry.mutable_time()->set_seconds(at);
  entry.set_caller(caller);
  entry.set_method("mosh.fleet.v1.FleetService/GetScreen");
  return entry;
}

// n1 answers moshctl and is `moshctl_`'s; n2 is `there`.
class EachNodeTest : public testing::Test {
 protected:
  EachNodeTest() {
    moshctl_.StartAgent();
    moshctl_.fleet.nodes = {NodeOf("nodes/n1", "n1:1"), NodeOf("nodes/n2", "n2:1")};
    moshctl_.fleet.audit = {Entry(1, 10, "first"), Entry(2, 30, "third")};
    there_.audit = {Entry(7, 20, "second"), Entry(8, 40, "fourth")};
    there_operations_.list.Clear();
    server_ = ServeAt(moshctl_.directory() + "/there.sock", &there_,
                      {&there_recordings_, &there_operations_});
    api_.emplace(ChannelTo(moshctl_.surroundings.system_socket), "here", absl::Seconds(10),
                 [this](const std::string& endpoint) {
                   return endpoint == "n2:1" ? absl::StatusOr<std::shared_ptr<grpc::Channel>>(
                                                   ChannelTo(moshctl_.directory() + "/there.sock"))
                                             : absl::InvalidArgumentError("no certificate");
                 });
  }
  static std::shared_ptr<grpc::Channel> ChannelTo(const std::string& path) {
    return *OpenChannel({.address = absl::StrCat("unix:", path)});
  }
  absl::Status Run(absl::Status (*command)(const Workplace&)) {
    std::ostringstream out, err;
    moshctl_.surroundings.out = &out;
    moshctl_.surroundings.err = &err;
    const absl::Status status = command({*api_, options_, moshctl_.surroundings, nullptr});
    out_ = out.str();
    err_ = err.str();
    return status;
  }
  // The callers of audit entries, as they were printed.
  std::vector<std::string> Printed() const {
    std::vector<std::string> lines;
    std::istringstream in(out_);
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      std::string node, sequence, date, time, caller;
      words >> node >> sequence >> date;
      while (words >> caller && caller.find_first_of(":+") != std::string::npos) {
      }
      lines.push_back(absl::StrCat(node, " ", sequence, " ", caller));
    }
    return lines;
  }

  MoshctlRunner moshctl_;
  FakeFleet there_;
  FakeRecordings there_recordings_{"nodes/n2", {"20261128-120000-cc33", "20261127-090000-dd44"}};
  FakeOperations there_operations_;
  std::unique_ptr<grpc::Server> server_;
  std::optional<Api> api_;
  Options options_;
  std::string out_, err_;
};

TEST_F(EachNodeTest, AuditEntriesOfAllAreMergedByTime) {
  EXPECT_TRUE(Run(&AuditCommand).ok());
  EXPECT_THAT(Printed(), ElementsAre("n1 1 first", "n2 7 second", "n1 2 third", "n2 8 fourth"));
  EXPECT_EQ(err_, "");
  EXPECT_THAT(there_.Asked(), ElementsAre("TailAudit parent: \"nodes/n2\" count: 20"));
  options_.count = 2;
  EXPECT_TRUE(Run(&AuditCommand).ok());
  EXPECT_THAT(Printed(), ElementsAre("n1 2 third", "n2 8 fourth")) << "of all together";
}

TEST_F(EachNodeTest, ANodeIsCalledWhatItWasAskedAs) {
  there_.audit[0].set_node("nodes/n1");
  options_.format = OutputFormat::kJson;
  EXPECT_TRUE(Run(&AuditCommand).ok());
  EXPECT_THAT(out_, HasSubstr("\"node\":\"nodes/n2\",\"time\":\"1970-01-01T00:00:20Z\""));
}

TEST_F(EachNodeTest, OneAloneIsAskedWhereItIs) {
  options_.node = "n2";
  options_.from = 8;
  EXPECT_TRUE(Run(&AuditCommand).ok());
  EXPECT_THAT(out_, HasSubstr("fourth"));
  EXPECT_THAT(there_.Asked(), ElementsAre("TailAudit parent: \"nodes/n2\" start_sequence: 8"));
  options_.node = "n9";
  EXPECT_EQ(Run(&AuditCommand).code(), absl::StatusCode::kNotFound);
}

TEST_F(EachNodeTest, NumbersOfEntriesAreOfOneNode) {
  options_.from = 2;
  const absl::Status status = Run(&AuditCommand);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--node"));
}

TEST_F(EachNodeTest, WhoTellsNothingIsNamed) {
  moshctl_.fleet.nodes.push_back(NodeOf("nodes/n3", "n3:1", fleet::Node::LOST));
  moshctl_.fleet.nodes.push_back(NodeOf("nodes/n4", "n4:1"));
  moshctl_.fleet.nodes.push_back(NodeOf("nodes/n5", ""));
  there_.audit.clear();
  there_.audit_ends = {
      FakeFleet::Refusal(grpc::StatusCode::PERMISSION_DENIED, "not yours", "PERMISSION_DENIED")};
  EXPECT_TRUE(Run(&AuditCommand).ok());
  EXPECT_THAT(Printed(), ElementsAre("n1 1 first", "n1 2 third"));
  EXPECT_THAT(err_, HasSubstr("nodes/n2: not yours"));
  EXPECT_THAT(err_, HasSubstr("nodes/n3: it is lost"));
  EXPECT_THAT(err_, HasSubstr("nodes/n4: that is on another node: no certificate"));
  EXPECT_THAT(err_, HasSubstr("nodes/n5: it listens nowhere"));
}

TEST_F(EachNodeTest, WhereNobodyTellsAnythingItFails) {
  const grpc::Status no =
      FakeFleet::Refusal(grpc::StatusCode::PERMISSION_DENIED, "no", "PERMISSION_DENIED");
  moshctl_.fleet.audit.clear();
  there_.audit.clear();
  moshctl_.fleet.audit_ends = {no};
  there_.audit_ends = {no};
  EXPECT_EQ(Run(&AuditCommand).code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(EachNodeTest, AllAreFollowedOverARestart) {
  options_.follow = true;
  // What was there; what comes until its agent is restarted; the rest.
  int calls = 0;
  there_.audit_ends = {grpc::Status::OK, grpc::Status(grpc::StatusCode::UNAVAILABLE, "restarted")};
  there_.on_tail = [&] {
    if (++calls > 1) there_.audit.push_back(Entry(7 + calls, 50, absl::StrCat("call-", calls)));
  };
  EXPECT_TRUE(Run(&AuditCommand).ok());
  EXPECT_THAT(Printed(), ElementsAre("n1 1 first", "n2 7 second", "n1 2 third", "n2 8 fourth",
                                     "n2 9 call-2", "n2 10 call-3"));
  EXPECT_THAT(err_, HasSubstr("nodes/n2 is asked again: "));
  EXPECT_THAT(there_.Asked(),
              ElementsAre("TailAudit parent: \"nodes/n2\" count: 20",
                          "TailAudit parent: \"nodes/n2\" start_sequence: 9 follow: true",
                          "TailAudit parent: \"nodes/n2\" start_sequence: 10 follow: true"));
}

TEST_F(EachNodeTest, RecordingsOfAllAreListedTheNewestFirst) {
  EXPECT_TRUE(Run(&RecordListCommand).ok());
  EXPECT_THAT(out_, HasSubstr("NODE"));
  const std::vector<std::string> ids = {"20261129-174500-bb22  n1", "20261128-120000-cc33  n2",
                                        "20261128-090000-aa11  n1", "20261127-090000-dd44  n2"};
  size_t at = 0;
  for (const std::string& id : ids) {
    const size_t found = out_.find(id, at);
    ASSERT_NE(found, std::string::npos) << id << " in\n" << out_;
    at = found;
  }
  options_.node = "n1";
  EXPECT_TRUE(Run(&RecordListCommand).ok());
  EXPECT_THAT(out_, Not(HasSubstr("cc33")));
  options_.node.clear();
  options_.sessions = {"nodes/n2/sessions/ab12"};
  EXPECT_TRUE(Run(&RecordListCommand).ok());
  EXPECT_THAT(out_, Not(HasSubstr("aa11"))) << "its node alone is asked";
}

TEST_F(EachNodeTest, ARecordingOfAnotherNodeIsFoundByItsBeginning) {
  moshctl_.recordings.elsewhere["nodes/n2"] = "n2:1";
  options_.recordings = {"20261127"};
  EXPECT_TRUE(Run(&RecordStopCommand).ok());
  EXPECT_EQ(there_recordings_.Asked().back(),
            "StopRecording name: \"nodes/n2/recordings/20261127-090000-dd44\"");
}

TEST_F(EachNodeTest, AnOperationOfAnotherNodeIsFoundByItsBeginning) {
  fleet::Operation elsewhere = FakeOperations::Running(1);
  elsewhere.set_name("nodes/n2/operations/20280101-000000-ee55");
  *there_operations_.list.add_operations() = elsewhere;
  moshctl_.operations.elsewhere["nodes/n2"] = "n2:1";
  options_.operation = "2028";
  options_.reason = "enough";
  EXPECT_TRUE(Run(&OperationsCancelCommand).ok());
  EXPECT_EQ(
      there_operations_.Asked().back(),
      "CancelOperation name: \"nodes/n2/operations/20280101-000000-ee55\" reason: \"enough\"");
  EXPECT_TRUE(Run(&OperationsListCommand).ok());
  EXPECT_EQ(out_.find("ee55"), out_.find("20280101-000000-ee55") + 16) << "the newest first";
  EXPECT_THAT(out_, HasSubstr("bb22"));
  options_.operation = "2029";
  EXPECT_EQ(Run(&OperationsDescribeCommand).code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace mosh::mgmt::ctl
