#include "mgmt/agent/recordings.h"

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mgmt/agent/calls_test_util.h"
#include "mgmt/recording/sha256.h"

namespace mosh::mgmt {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kA1[] = "nodes/n1/sessions/a1";
constexpr char kB1[] = "nodes/n1/sessions/b1";

class FakeSink final : public Sink<fleet::DownloadRecordingResponse> {
 public:
  io::Task<bool> Write(fleet::DownloadRecordingResponse message) override {
    written.push_back(std::move(message));
    co_return written.size() < room;
  }
  std::vector<fleet::DownloadRecordingResponse> written;
  size_t room = 1'000'000;
};

class FakeAuditor final : public CallRecorder {
 public:
  io::Task<absl::Status> Begin(const Call* call) override {
    begun.push_back(absl::StrCat(call->method->name, " ", call->resource));
    co_return status;
  }
  std::vector<std::string> begun;
  absl::Status status;
};

// Of one agent.
struct Life {
  io::StopSource stop;
};

class RecordingsTest : public testing::Test {
 protected:
  RecordingsTest() {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    Begin(10 << 20);
  }
  ~RecordingsTest() override {
    End();
    std::filesystem::remove_all(folder_);
  }
  void Begin(int64_t max_bytes, bool lasting = true) {
    store_ = std::make_unique<RecordingStore>(
        RecordingStore::Context{.directory = folder_ + "/r",
                                .node = "nodes/n1",
                                .max_bytes = max_bytes,
                                .worker = nullptr,
                                // Each starts in a second of its own: ids sort.
                                .wall_clock = [this] { return absl::FromUnixSeconds(now_++); }});
    recorder_ = std::make_unique<Recorder>(&node_.reactor, store_.get());
    recordings_.emplace(Recordings::Context{.calls = &node_.calls,
                                            .store = store_.get(),
                                            .recorder = recorder_.get(),
                                            .lasting = lasting});
    life_ = std::make_unique<Life>();
    node_.world.Start(recorder_->Run(life_->stop.token()));
  }
  void End() {
    life_->stop.RequestStop();
    node_.world.RunFor(seconds(1));
    recordings_.reset();
    recorder_.reset();
    store_.reset();
  }

  template <class Request, class Response>
  grpc::Status Do(std::shared_ptr<const Caller> caller, const Method& method,
                  Calls::Done (Recordings::*handler)(Call*, const Request*, Response*),
                  const Request& request, Response* response) {
    last_ = node_.MakeCall(std::move(caller), method);
    last_.recorder = &auditor_;
    grpc::Status status;
    node_.world.RunToCompletion(
        FakeNode::Keep(((*recordings_).*handler)(&last_, &request, response), &status));
    return status;
  }
  static fleet::StartRecordingRequest ToStart(const std::string& session = kA1) {
    fleet::StartRecordingRequest request;
    request.set_session(session);
    return request;
  }
  grpc::Status TryStart(std::shared_ptr<const Caller> caller,
                        const fleet::StartRecordingRequest& request, fleet::Recording* made) {
    node_.hosts.frames->push_back(FirstFrame());
    const grpc::Status status =
        Do(std::move(caller), method::kStartRecording, &Recordings::StartRecording, request, made);
    node_.world.RunFor(seconds(0));
    return status;
  }
  // Its name; "" if it was refused.
  std::string Start(std::shared_ptr<const Caller> caller, const std::string& session = kA1) {
    fleet::Recording made;
    const grpc::Status status = TryStart(std::move(caller), ToStart(session), &made);
    EXPECT_EQ(Outcome(status), "OK");
    return made.name();
  }
  std::string Stop(std::shared_ptr<const Caller> caller, const std::string& name,
                   fleet::Recording* stopped = nullptr) {
    fleet::StopRecordingRequest request;
    request.set_name(name);
    fleet::Recording recording;
    return Outcome(Do(std::move(caller), method::kStopRecording, &Recordings::StopRecording,
                      request, stopped == nullptr ? &recording : stopped));
  }
  std::string Delete(std::shared_ptr<const Caller> caller, const std::string& name) {
    fleet::DeleteRecordingRequest request;
    request.set_name(name);
    fleet::DeleteRecordingResponse response;
    return Outcome(Do(std::move(caller), method::kDeleteRecording, &Recordings::DeleteRecording,
                      request, &response));
  }
  std::string Get(std::shared_ptr<const Caller> caller, const std::string& name) {
    fleet::GetRecordingRequest request;
    request.set_name(name);
    fleet::Recording response;
    return Outcome(Do(std::move(caller), method::kGetRecording, &Recordings::GetRecording, request,
                      &response));
  }
  std::vector<std::string> List(std::shared_ptr<const Caller> caller,
                                const fleet::ListRecordingsRequest& request = All(),
                                fleet::ListRecordingsResponse* response = nullptr) {
    fleet::ListRecordingsResponse own;
    if (response == nullptr) response = &own;
    EXPECT_EQ(Outcome(Do(std::move(caller), method::kListRecordings, &Recordings::ListRecordings,
                         request, response)),
              "OK");
    std::vector<std::string> names;
    for (const fleet::Recording& each : response->recordings()) names.push_back(each.name());
    return names;
  }
  static fleet::ListRecordingsRequest All() {
    fleet::ListRecordingsRequest request;
    request.set_parent("nodes/-");
    return request;
  }
  std::string Download(std::shared_ptr<const Caller> caller, const std::string& name,
                       int64_t offset, FakeSink* sink) {
    fleet::DownloadRecordingRequest request;
    request.set_name(name);
    request.set_offset(offset);
    last_ = node_.MakeCall(std::move(caller), method::kDownloadRecording);
    last_.recorder = &auditor_;
    grpc::Status status;
    node_.world.RunToCompletion(
        FakeNode::Keep(recordings_->DownloadRecording(&last_, &request, sink), &status));
    return Outcome(status);
  }
  static control::Frame FirstFrame() {
    control::Frame frame;
    frame.mutable_size()->set_columns(80);
    frame.mutable_size()->set_rows(24);
    frame.set_ansi("hello");
    frame.set_restart(true);
    return frame;
  }

  FakeNode node_;
  std::string folder_ = testing::TempDir() + "/recordings.XXXXXX";
  int64_t now_ = 1'800'000'000;
  FakeAuditor auditor_;
  std::unique_ptr<RecordingStore> store_;
  std::unique_ptr<Recorder> recorder_;
  std::optional<Recordings> recordings_;
  std::unique_ptr<Life> life_;
  Call last_;
};

const auto kRecorder = FakeNode::Cert("recorder");

TEST_F(RecordingsTest, OneIsMadeAndUsersAreTold) {
  fleet::StartRecordingRequest request = ToStart("nodes/-/sessions/a1");
  request.set_title("a title");
  request.set_reason("ticket 7");
  fleet::Recording made;
  ASSERT_EQ(Outcome(TryStart(kRecorder, request, &made)), "OK");
  EXPECT_THAT(made.name(), HasSubstr("nodes/n1/recordings/20270115-"));
  EXPECT_EQ(made.session(), kA1);
  EXPECT_EQ(made.state(), fleet::Recording::RECORDING);
  EXPECT_EQ(made.user(), "alice");
  EXPECT_EQ(made.title(), "a title");
  EXPECT_EQ(made.reason(), "ticket 7");
  EXPECT_EQ(made.started_by(), "cert:CN=recorder");
  EXPECT_EQ(made.max_duration().seconds(), 86'400);
  EXPECT_FALSE(made.quiet());
  EXPECT_EQ(node_.hosts.watched.back().watcher, "recorder (recording)");
  EXPECT_THAT(auditor_.begun, ElementsAre(absl::StrCat("StartRecording ", kA1)));
  EXPECT_EQ(last_.detail, made.name());
  fleet::Recording stopped;
  EXPECT_EQ(Stop(kRecorder, made.name(), &stopped), "OK");
  EXPECT_EQ(stopped.state(), fleet::Recording::FINISHED);
  EXPECT_EQ(stopped.end_reason(), "stopped by cert:CN=recorder");
  EXPECT_EQ(stopped.frame_count(), 1);
  EXPECT_EQ(stopped.sha256().size(), 64u);
  EXPECT_EQ(Stop(kRecorder, made.name(), &stopped), "OK") << "again does nothing";
  EXPECT_THAT(List(kRecorder), ElementsAre(made.name()));
}

TEST_F(RecordingsTest, NothingIsSeenBeforeItIsOnRecord) {
  auditor_.status = absl::InternalError("disk");
  fleet::Recording made;
  EXPECT_EQ(Outcome(TryStart(kRecorder, ToStart(), &made)), "INTERNAL INTERNAL");
  EXPECT_THAT(node_.hosts.watched, IsEmpty());
}

TEST_F(RecordingsTest, WhatIsAskedForIsChecked) {
  fleet::Recording made;
  const auto bad = [&](auto change) {
    fleet::StartRecordingRequest asked = ToStart();
    change(&asked);
    EXPECT_EQ(Outcome(TryStart(kRecorder, asked, &made)), "INVALID_ARGUMENT INVALID_ARGUMENT");
  };
  bad([](auto* r) { r->set_max_bytes(1); });
  bad([](auto* r) { r->set_max_bytes(-1); });
  bad([](auto* r) { r->mutable_max_duration(); });
  bad([](auto* r) { r->mutable_max_duration()->set_seconds(31 * 86'400); });
  bad([](auto* r) { r->mutable_max_duration()->set_seconds(-1); });
  bad([](auto* r) { r->set_title("two\nlines"); });
  bad([](auto* r) { r->set_title(std::string(201, 'a')); });
  bad([](auto* r) { r->set_reason(std::string(1001, 'a')); });
  EXPECT_EQ(Outcome(TryStart(kRecorder, ToStart("nodes/n1"), &made)),
            "INVALID_ARGUMENT INVALID_NAME");
  EXPECT_EQ(Outcome(TryStart(kRecorder, ToStart("nodes/n1/sessions/x"), &made)),
            "NOT_FOUND SESSION_NOT_FOUND");
  EXPECT_THAT(node_.hosts.watched, IsEmpty());
  EXPECT_THAT(List(kRecorder), IsEmpty());
}

TEST_F(RecordingsTest, ItNeedsTheRight) {
  fleet::Recording made;
  EXPECT_EQ(Outcome(TryStart(FakeNode::Cert("operator"), ToStart(), &made)),
            "PERMISSION_DENIED PERMISSION_DENIED");
  EXPECT_EQ(Outcome(TryStart(FakeNode::Local(kBob), ToStart(kA1), &made)),
            "NOT_FOUND SESSION_NOT_FOUND");
  const std::string name = Start(kRecorder);
  for (const auto& other : {FakeNode::Cert("operator"), FakeNode::Local(kBob)}) {
    EXPECT_THAT(List(other), IsEmpty());
    EXPECT_EQ(Get(other, name), "NOT_FOUND RECORDING_NOT_FOUND");
    EXPECT_EQ(Stop(other, name), "NOT_FOUND RECORDING_NOT_FOUND");
    EXPECT_EQ(Delete(other, name), "NOT_FOUND RECORDING_NOT_FOUND");
  }
  EXPECT_EQ(last_.detail, "hidden from the caller");
}

TEST_F(RecordingsTest, AnOwnerReadsWhatOthersRecordedAndDoesAsHeLikesWithHisOwn) {
  const auto alice = FakeNode::Local(kAlice);
  const std::string others = Start(kRecorder), own = Start(alice);
  EXPECT_EQ(node_.hosts.watched.back().watcher, "") << "nobody is told of himself";
  EXPECT_THAT(List(alice), ElementsAre(own, others));
  EXPECT_EQ(Stop(alice, others), "PERMISSION_DENIED PERMISSION_DENIED");
  EXPECT_EQ(Stop(alice, own), "OK");
  EXPECT_EQ(Stop(kRecorder, others), "OK");
  FakeSink sink;
  EXPECT_EQ(Download(alice, others, 0, &sink), "OK");
  EXPECT_EQ(Delete(alice, others), "PERMISSION_DENIED PERMISSION_DENIED");
  EXPECT_EQ(Delete(alice, own), "OK");
}

TEST_F(RecordingsTest, WhatWasRecordedQuietlyIsNotThereForItsUsers) {
  absl::StatusOr<Policy> policy = Policy::Parse(
      R"({"grants":[{"to":["cert:CN=silent"],"roles":["recorder"]}],"quiet":["cert:CN=silent"]})",
      900);
  ASSERT_TRUE(policy.ok());
  node_.policy_ = std::make_shared<const Policy>(*policy);
  const std::string name = Start(FakeNode::Cert("silent"));
  EXPECT_EQ(node_.hosts.watched.back().watcher, "");
  EXPECT_TRUE(store_->all().begin()->second.quiet());
  EXPECT_THAT(List(FakeNode::Local(kAlice)), IsEmpty());
  EXPECT_EQ(Get(FakeNode::Local(kAlice), name), "NOT_FOUND RECORDING_NOT_FOUND");
  EXPECT_EQ(Get(FakeNode::Local(0), name), "OK");
}

// recorder has the role of that name, typist also the right to input, over bob's sessions alone.
class InputTest : public RecordingsTest {
 protected:
  InputTest() {
    absl::StatusOr<Policy> policy = Policy::Parse(
        R"({"grants":[{"to":["cert:CN=recorder","cert:CN=typist"],"roles":["recorder"]},
                      {"to":["cert:CN=admin"],"roles":["admin"]},
                      {"to":["cert:CN=typist"],"verbs":["record_input"],"users":["bob"]}]})",
        900);
    EXPECT_TRUE(policy.ok()) << policy.status();
    node_.policy_ = std::make_shared<const Policy>(*policy);
  }
  std::string StartWithInput(std::shared_ptr<const Caller> caller, const std::string& session,
                             std::string* name = nullptr) {
    fleet::StartRecordingRequest request = ToStart(session);
    request.set_record_input(true);
    fleet::Recording made;
    const grpc::Status status = TryStart(std::move(caller), request, &made);
    EXPECT_EQ(made.has_input(), status.ok());
    if (name != nullptr) *name = made.name();
    return Outcome(status);
  }
  const std::shared_ptr<const Caller> typist_ = FakeNode::Cert("typist");
};

TEST_F(InputTest, NeedsARightThatNoRoleHas) {
  for (const char* other : {"recorder", "admin"}) {
    EXPECT_EQ(StartWithInput(FakeNode::Cert(other), kB1), "PERMISSION_DENIED PERMISSION_DENIED");
    EXPECT_EQ(last_.detail, "with input") << "so says the audit log";
  }
  EXPECT_EQ(StartWithInput(typist_, kA1), "PERMISSION_DENIED PERMISSION_DENIED");
  EXPECT_THAT(node_.hosts.watched, IsEmpty());
  std::string name;
  EXPECT_EQ(StartWithInput(typist_, kB1, &name), "OK");
  EXPECT_EQ(last_.detail, absl::StrCat(name, ", with input"));
  EXPECT_TRUE(node_.hosts.watched.back().with_input);
  EXPECT_EQ(node_.hosts.watched.back().watcher, "typist (recording with input)");
  Start(typist_, kB1);
  EXPECT_FALSE(node_.hosts.watched.back().with_input) << "unless it is asked for";
}

TEST_F(InputTest, WhatHoldsInputIsThereOnlyForWhoMayHaveIt) {
  std::string name;
  ASSERT_EQ(StartWithInput(typist_, kB1, &name), "OK");
  for (const char* other : {"recorder", "admin"}) {
    const auto caller = FakeNode::Cert(other);
    EXPECT_THAT(List(caller), IsEmpty());
    EXPECT_EQ(Get(caller, name), "NOT_FOUND RECORDING_NOT_FOUND");
    EXPECT_EQ(Stop(caller, name), "NOT_FOUND RECORDING_NOT_FOUND");
    EXPECT_EQ(Delete(caller, name), "NOT_FOUND RECORDING_NOT_FOUND");
    FakeSink sink;
    EXPECT_EQ(Download(caller, name, 0, &sink), "NOT_FOUND RECORDING_NOT_FOUND");
    EXPECT_THAT(sink.written, IsEmpty());
  }
  EXPECT_EQ(Stop(typist_, name), "OK");
  for (const auto& caller : {typist_, FakeNode::Local(kBob), FakeNode::Local(0)}) {
    FakeSink sink;
    EXPECT_THAT(List(caller), ElementsAre(name));
    EXPECT_EQ(Download(caller, name, 0, &sink), "OK");
  }
}

TEST_F(InputTest, ItStaysWhatItIsUnderAnotherAgent) {
  std::string name;
  ASSERT_EQ(StartWithInput(typist_, kB1, &name), "OK");
  End();
  Begin(10 << 20);
  EXPECT_THAT(List(FakeNode::Cert("recorder")), IsEmpty());
  EXPECT_THAT(List(typist_), ElementsAre(name));
}

TEST_F(InputTest, AnOwnerMayRecordHisOwn) {
  const auto alice = FakeNode::Local(kAlice);
  std::string name;
  EXPECT_EQ(StartWithInput(alice, kA1, &name), "OK");
  EXPECT_EQ(Stop(alice, name), "OK");
  EXPECT_EQ(Delete(alice, name), "OK");
}

TEST_F(InputTest, AnOlderHostIsNamed) {
  node_.hosts.answer = absl::UnimplementedError("unknown");
  EXPECT_EQ(StartWithInput(typist_, kB1), "UNIMPLEMENTED UNSUPPORTED_BY_HOST");
  EXPECT_THAT(List(typist_), IsEmpty());
}

TEST_F(RecordingsTest, AListIsNewestFirstInPages) {
  const std::string first = Start(kRecorder), second = Start(kRecorder, kB1),
                    third = Start(kRecorder);
  EXPECT_THAT(List(kRecorder), ElementsAre(third, second, first));
  fleet::ListRecordingsRequest request = All();
  request.set_session(kA1);
  request.set_page_size(1);
  fleet::ListRecordingsResponse response;
  EXPECT_THAT(List(kRecorder, request, &response), ElementsAre(third));
  EXPECT_EQ(response.total_size(), 2);
  request.set_page_token(response.next_page_token());
  response.Clear();
  EXPECT_THAT(List(kRecorder, request, &response), ElementsAre(first));
  EXPECT_EQ(response.next_page_token(), "");
  request.set_session(kB1);
  EXPECT_EQ(Outcome(Do(kRecorder, method::kListRecordings, &Recordings::ListRecordings, request,
                       &response)),
            "INVALID_ARGUMENT INVALID_PAGE_TOKEN");
}

TEST_F(RecordingsTest, ARepetitionMakesNoSecondOne) {
  fleet::StartRecordingRequest request = ToStart();
  request.set_request_id("r1");
  fleet::Recording first, second;
  EXPECT_EQ(Outcome(TryStart(kRecorder, request, &first)), "OK");
  EXPECT_EQ(Outcome(TryStart(kRecorder, request, &second)), "OK");
  EXPECT_EQ(first.name(), second.name());
  EXPECT_EQ(List(kRecorder).size(), 1u);
  request.set_title("other");
  EXPECT_EQ(Outcome(TryStart(kRecorder, request, &second)), "INVALID_ARGUMENT REQUEST_ID_REUSED");
}

TEST_F(RecordingsTest, OnlyValidatedNothingHappens) {
  fleet::StartRecordingRequest request = ToStart();
  request.set_validate_only(true);
  fleet::Recording made;
  EXPECT_EQ(Outcome(TryStart(kRecorder, request, &made)), "OK");
  EXPECT_THAT(node_.hosts.watched, IsEmpty());
  EXPECT_THAT(List(kRecorder), IsEmpty());
}

TEST_F(RecordingsTest, ThereIsRoomForSoMany) {
  fleet::Recording made;
  for (int i = 0; i < 64; ++i) Start(kRecorder);
  EXPECT_EQ(Outcome(TryStart(kRecorder, ToStart(), &made)), "RESOURCE_EXHAUSTED LIMIT_EXCEEDED");
  End();
  Begin(/*max_bytes=*/70'000);
  EXPECT_EQ(Outcome(TryStart(kRecorder, ToStart(), &made)), "RESOURCE_EXHAUSTED LIMIT_EXCEEDED");
}

TEST_F(RecordingsTest, AnAgentOfACommandRecordsNothingButReads) {
  const std::string name = Start(kRecorder);
  End();
  Begin(10 << 20, /*lasting=*/false);
  fleet::Recording made;
  EXPECT_EQ(Outcome(TryStart(kRecorder, ToStart(), &made)),
            "FAILED_PRECONDITION RECORDINGS_UNAVAILABLE");
  EXPECT_THAT(List(kRecorder), ElementsAre(name));
  EXPECT_EQ(Delete(kRecorder, name), "OK");
}

TEST_F(RecordingsTest, AnAgentThatKeepsNoneSaysSo) {
  recordings_.emplace(
      Recordings::Context{.calls = &node_.calls, .store = nullptr, .recorder = recorder_.get()});
  fleet::Recording made;
  EXPECT_EQ(Outcome(TryStart(kRecorder, ToStart(), &made)),
            "FAILED_PRECONDITION RECORDINGS_UNAVAILABLE");
  EXPECT_EQ(Get(kRecorder, "nodes/n1/recordings/x"), "FAILED_PRECONDITION RECORDINGS_UNAVAILABLE");
}

TEST_F(RecordingsTest, ADownloadCanGoOn) {
  const std::string name = Start(kRecorder);
  FakeSink sink;
  EXPECT_EQ(Download(kRecorder, name, 0, &sink), "FAILED_PRECONDITION RECORDING_RUNNING");
  EXPECT_EQ(Delete(kRecorder, name), "FAILED_PRECONDITION RECORDING_RUNNING");
  fleet::Recording stopped;
  EXPECT_EQ(Stop(kRecorder, name, &stopped), "OK");
  EXPECT_EQ(Download(kRecorder, name, 0, &sink), "OK");
  std::string whole;
  for (const auto& part : sink.written) {
    EXPECT_EQ(part.offset(), static_cast<int64_t>(whole.size()));
    whole += part.data();
  }
  EXPECT_EQ(sink.written[0].recording().sha256(), stopped.sha256());
  EXPECT_EQ(static_cast<int64_t>(whole.size()), stopped.size_bytes());
  Sha256 sha256;
  sha256.Add(whole);
  EXPECT_EQ(sha256.Hex(), stopped.sha256());
  FakeSink rest;
  EXPECT_EQ(Download(kRecorder, name, 10, &rest), "OK");
  EXPECT_EQ(rest.written[1].offset(), 10);
  EXPECT_EQ(rest.written[1].data(), whole.substr(10));
  EXPECT_EQ(last_.detail, absl::StrCat("bytes 10 to ", whole.size(), " of ", whole.size()));
  FakeSink nothing, beyond, gone;
  EXPECT_EQ(Download(kRecorder, name, stopped.size_bytes(), &nothing), "OK");
  EXPECT_EQ(nothing.written.size(), 1u);
  EXPECT_EQ(Download(kRecorder, name, stopped.size_bytes() + 1, &beyond),
            "OUT_OF_RANGE INVALID_ARGUMENT");
  EXPECT_EQ(Download(kRecorder, name, -1, &beyond), "OUT_OF_RANGE INVALID_ARGUMENT");
  EXPECT_THAT(beyond.written, IsEmpty());
  gone.room = 1;
  EXPECT_EQ(Download(kRecorder, name, 0, &gone), "CANCELLED ");
  EXPECT_EQ(gone.written.size(), 1u);
}

}  // namespace
}  // namespace mosh::mgmt
