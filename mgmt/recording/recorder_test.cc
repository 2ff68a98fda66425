// Recordings in a real directory, made in virtual time.
#include "mgmt/recording/recorder.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/sim/sim_reactor.h"
#include "io/sim/sim_world.h"

namespace mosh::mgmt {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Lines = std::vector<std::string>;

server::control::Frame Frame(const std::string& ansi, uint32_t columns = 80) {
  server::control::Frame frame;
  frame.mutable_size()->set_columns(columns);
  frame.mutable_size()->set_rows(24);
  frame.set_ansi(ansi);
  return frame;
}

// A session's screen: what it shows, as the test says.
class Screen {
 public:
  Screen() { Show("first"); }
  void Show(const std::string& ansi, uint32_t columns = 80) { Put(Frame(ansi, columns)); }
  void Type(const std::string& typed) {
    server::control::Frame frame;
    frame.add_input()->set_typed(typed);
    Put(std::move(frame));
  }
  void End(absl::Status why) { Put(std::move(why)); }
  std::unique_ptr<ScreenFeed> Feed() { return std::make_unique<FeedOf>(this); }

 private:
  using News = absl::StatusOr<server::control::Frame>;
  void Put(News news) {
    news_.push_back(std::move(news));
    changed_.Set();
  }
  class FeedOf final : public ScreenFeed {
   public:
    explicit FeedOf(Screen* screen) : screen_(screen) {}
    io::Task<News> Next(io::StopToken stop) override {
      while (screen_->news_.empty()) {
        screen_->changed_.Reset();
        const absl::Status waited = co_await screen_->changed_.Wait(stop);
        if (!waited.ok()) co_return waited;
      }
      News news = std::move(screen_->news_.front());
      screen_->news_.pop_front();
      co_return news;
    }

   private:
    Screen* const screen_;
  };

  std::deque<News> news_;
  io::Event changed_;
};

template <class T>
io::Task<void> Keep(io::Task<T> task, std::optional<T>* result) {
  result->emplace(co_await std::move(task));
}

// Of one agent.
struct Life {
  io::StopSource stop;
};

class RecorderTest : public testing::Test {
 protected:
  RecorderTest() {
    folder_ = testing::TempDir() + "/recordings.XXXXXX";
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    Restart();
  }
  ~RecorderTest() override {
    life_->stop.RequestStop();
    EXPECT_TRUE(world_.StopAll());
    recorder_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::string Directory() const { return folder_ + "/deep/down"; }
  RecordingStore::Context Context() {
    return {.directory = Directory(),
            .node = "nodes/n1",
            .max_bytes = max_bytes_,
            .worker = nullptr,
            .wall_clock = [this] { return absl::FromUnixSeconds(now_++); }};
  }
  // Another agent, in the place of this one, which has done nothing yet.
  void Restart() {
    life_->stop.RequestStop();
    world_.RunFor(seconds(0));
    life_ = std::make_unique<Life>();
    store_ = std::make_unique<RecordingStore>(Context());
    recorder_ = std::make_unique<Recorder>(&reactor_, store_.get());
    world_.Start(recorder_->Run(life_->stop.token()));
    EXPECT_TRUE(Do(store_->TakeOver()).ok());
  }

  template <class T>
  T Do(io::Task<T> task) {
    std::optional<T> result;
    world_.RunToCompletion(Keep(std::move(task), &result));
    return *std::move(result);
  }
  static fleet::Recording Wanted() {
    fleet::Recording wanted;
    wanted.set_session("nodes/n1/sessions/a1");
    wanted.set_title("t");
    wanted.set_max_bytes(1 << 20);
    wanted.mutable_max_duration()->set_seconds(3600);
    return wanted;
  }
  // Its id; empty: refused.
  std::string Start(Screen* screen, const fleet::Recording& wanted = Wanted()) {
    refusal_ = Do(store_->PrepareToWrite());
    if (!refusal_.ok()) return "";
    const auto started = Do(recorder_->Start(wanted, screen->Feed(), io::StopToken()));
    refusal_ = started.status();
    if (!started.ok()) return "";
    EXPECT_EQ(started->state(), fleet::Recording::RECORDING);
    world_.RunFor(seconds(0));
    return RecordingIdOf(started->name());
  }
  Lines Cast(const std::string& id) const {
    std::ifstream in(Directory() + "/" + id + ".cast");
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    Lines lines = absl::StrSplit(text, '\n');
    if (!lines.empty() && lines.back().empty()) lines.pop_back();
    return lines;
  }
  // "FINISHED why"
  std::string Outcome(const std::string& id) const {
    const fleet::Recording* const found = store_->Find(id);
    if (found == nullptr) return "none";
    return absl::StrCat(fleet::Recording::State_Name(found->state()), " ", found->end_reason());
  }
  void ExpectWholeFile(const std::string& id) const {
    std::ifstream in(Directory() + "/" + id + ".cast");
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    Sha256 sha256;
    sha256.Add(text);
    EXPECT_EQ(store_->Find(id)->sha256(), sha256.Hex());
    EXPECT_EQ(store_->Find(id)->size_bytes(), static_cast<int64_t>(text.size()));
    EXPECT_TRUE(absl::EndsWith(text, "\n"));
  }

  // One that lives as long as whoever may be recording it.
  Screen& NewScreen() { return screens_.emplace_back(); }

  std::list<Screen> screens_;
  std::string folder_;
  int64_t now_ = 1'800'000'000;
  int64_t max_bytes_ = 10 << 20;
  io::sim::SimWorld world_{1};
  io::sim::SimReactor& reactor_ = world_.AddHost("agent", "192.0.2.1");
  std::unique_ptr<Life> life_ = std::make_unique<Life>();
  std::unique_ptr<RecordingStore> store_;
  std::unique_ptr<Recorder> recorder_;
  absl::Status refusal_;
};

TEST_F(RecorderTest, WritesWhatTheScreenShowsUntilItIsStopped) {
  Screen& screen = NewScreen();
  const std::string id = Start(&screen);
  world_.RunFor(seconds(2));
  screen.Show("second");
  world_.RunFor(seconds(1));
  screen.Show("wider", 100);
  world_.RunFor(seconds(1));
  EXPECT_TRUE(recorder_->IsRunning(id));
  EXPECT_TRUE(Do(recorder_->Stop(id, "stopped by me", {})).ok());
  EXPECT_EQ(Outcome(id), "FINISHED stopped by me");
  EXPECT_THAT(
      Cast(id),
      ElementsAre(HasSubstr("\"width\": 80"), "[0.000000, \"o\", \"first\"]",
                  "[2.000000, \"o\", \"second\"]", "[3.000000, \"r\", \"100x24\"]",
                  "[3.000000, \"o\", \"\\u001bcwider\"]", "[4.000000, \"m\", \"stopped by me\"]"));
  ExpectWholeFile(id);
  EXPECT_EQ(store_->Find(id)->frame_count(), 3);
  EXPECT_EQ(recorder_->counts().finished, 1);
  EXPECT_EQ(recorder_->running(), 0);
}

TEST_F(RecorderTest, InputIsKeptAndIsNoStepOfTheScreen) {
  Screen& screen = NewScreen();
  const std::string id = Start(&screen);
  screen.Type("l");
  world_.RunFor(seconds(1));
  screen.Type("\xC3");  // the beginning of a character
  screen.Show("shown");
  world_.RunFor(seconds(1));
  EXPECT_TRUE(Do(recorder_->Stop(id, "stopped", {})).ok());
  EXPECT_THAT(Cast(id),
              ElementsAre(HasSubstr("version"), "[0.000000, \"o\", \"first\"]",
                          "[0.000000, \"i\", \"l\"]", "[1.000000, \"o\", \"shown\"]",
                          "[2.000000, \"i\", \"\uFFFD\"]", "[2.000000, \"m\", \"stopped\"]"));
  EXPECT_EQ(store_->Find(id)->frame_count(), 2);
  ExpectWholeFile(id);
}

TEST_F(RecorderTest, FilesAreTheUsersAlone) {
  Screen& screen = NewScreen();
  const std::string id = Start(&screen);
  struct stat facts;
  ASSERT_EQ(stat(Directory().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700u);
  for (const char* ending : {".cast", ".json"}) {
    ASSERT_EQ(stat((Directory() + "/" + id + ending).c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600u);
  }
}

TEST_F(RecorderTest, EndsWithTheSessionAndWithItsHost) {
  Screen &screen = NewScreen(), &other = NewScreen(), &odd = NewScreen();
  const std::string id = Start(&screen), id2 = Start(&other), id3 = Start(&odd);
  screen.End(absl::NotFoundError("x"));
  other.End(absl::UnavailableError("x"));
  odd.End(absl::DataLossError("x"));
  world_.RunFor(seconds(1));
  EXPECT_EQ(Outcome(id), "FINISHED the session has ended");
  EXPECT_EQ(Outcome(id2), "FINISHED the session's server is gone");
  EXPECT_EQ(Outcome(id3), "FAILED the session's server told nonsense: x");
  for (const std::string& each : {id, id2, id3}) ExpectWholeFile(each);
}

TEST_F(RecorderTest, EndsWithTheAgent) {
  Screen& screen = NewScreen();
  const std::string id = Start(&screen);
  life_->stop.RequestStop();
  world_.RunFor(seconds(1));
  EXPECT_EQ(Outcome(id), "FINISHED the agent was stopped");
  EXPECT_EQ(Start(&NewScreen()), "") << "nor does another begin";
}

TEST_F(RecorderTest, EndsAtItsLimits) {
  Screen &screen = NewScreen(), &other = NewScreen();
  fleet::Recording wanted = Wanted();
  wanted.mutable_max_duration()->set_seconds(10);
  const std::string id = Start(&screen, wanted);
  wanted = Wanted();
  wanted.set_max_bytes(65'536);
  const std::string id2 = Start(&other, wanted);
  other.Show(std::string(60'000, 'a'));
  other.Show(std::string(6'000, 'b'));
  world_.RunFor(seconds(11));
  EXPECT_EQ(Outcome(id), "FINISHED it has reached its longest time");
  EXPECT_EQ(Outcome(id2), "FINISHED it has reached its largest size");
  EXPECT_LE(store_->Find(id2)->size_bytes(), 65'536);
  EXPECT_GT(store_->Find(id2)->size_bytes(), 60'000);
  ExpectWholeFile(id2);
}

TEST_F(RecorderTest, AFullDirectoryEndsWhatIsBeingMade) {
  max_bytes_ = 100'000;
  Restart();
  Screen& screen = NewScreen();
  const std::string id = Start(&screen);
  for (int i = 0; i < 3; ++i) screen.Show(std::string(40'000, 'a'));
  world_.RunFor(seconds(1));
  EXPECT_EQ(Outcome(id), "FINISHED the directory of recordings is full");
  EXPECT_LE(store_->bytes(), max_bytes_);
  ExpectWholeFile(id);
  EXPECT_TRUE(Do(store_->Remove(id)).ok());
  EXPECT_EQ(store_->bytes(), 0);
  EXPECT_THAT(Cast(id), IsEmpty());
}

TEST_F(RecorderTest, AFullDiskFailsAndLeavesWholeLines) {
  Screen& screen = NewScreen();
  const std::string id = Start(&screen);
  // The file may not grow: the kernel writes the part of the line that fits, as a full disk does.
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, SIG_IGN);
  const rlimit little = {300, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &little);
  screen.Show(std::string(1'000, 'a'));
  world_.RunFor(seconds(1));
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_THAT(Outcome(id), HasSubstr("FAILED writing a recording: "));
  EXPECT_THAT(Cast(id), ElementsAre(HasSubstr("version"), "[0.000000, \"o\", \"first\"]"));
  ExpectWholeFile(id);
  EXPECT_EQ(recorder_->counts().failed, 1);
}

TEST_F(RecorderTest, WhatACrashLeavesIsFailedAndCanBePlayed) {
  Screen& screen = NewScreen();
  const std::string id = Start(&screen);
  screen.Show("second");
  world_.RunFor(seconds(1));
  // A copy of the directory as it is on the disk then, with half a line more.
  const std::string crashed = folder_ + "/crashed";
  std::filesystem::copy(Directory(), crashed);
  std::ofstream(crashed + "/" + id + ".cast", std::ios::app) << "[7.0, \"o\", \"hal";
  RecordingStore::Context context = Context();
  context.directory = crashed;
  RecordingStore after(context);
  EXPECT_TRUE(Do(after.Look()).ok());
  EXPECT_EQ(after.Find(id)->state(), fleet::Recording::RECORDING)
      << "nothing is changed by looking";
  EXPECT_TRUE(Do(after.TakeOver()).ok());
  const fleet::Recording* const found = after.Find(id);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->state(), fleet::Recording::FAILED);
  EXPECT_EQ(found->end_reason(), "the agent ended while it was being made");
  EXPECT_EQ(found->frame_count(), 2);
  EXPECT_EQ(found->size_bytes(), store_->Find(id)->size_bytes());
  EXPECT_EQ(found->size_bytes(),
            static_cast<int64_t>(std::filesystem::file_size(crashed + "/" + id + ".cast")));
  EXPECT_EQ(found->sha256().size(), 64u);
  EXPECT_EQ(after.bytes(), found->size_bytes());
}

TEST_F(RecorderTest, TwoAgentsDontWriteIntoOneDirectory) {
  Screen& screen = NewScreen();
  const std::string id = Start(&screen);
  RecordingStore other(Context());
  EXPECT_FALSE(Do(other.TakeOver()).ok());
  EXPECT_EQ(other.Find(id)->state(), fleet::Recording::RECORDING) << "it sees what there is";
  EXPECT_EQ(Do(other.PrepareToWrite()).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Do(recorder_->Stop(id, "enough", {})).ok());
  EXPECT_TRUE(Do(other.Look()).ok());
  EXPECT_EQ(other.Find(id)->state(), fleet::Recording::FINISHED);
}

TEST_F(RecorderTest, ADirectoryThatOthersCanReadIsRefused) {
  std::filesystem::create_directories(Directory());
  chmod(Directory().c_str(), 0755);
  Screen& screen = NewScreen();
  EXPECT_EQ(Start(&screen), "");
  EXPECT_THAT(std::string(refusal_.message()), HasSubstr("mode 0700"));
}

TEST_F(RecorderTest, FactsThatAreNoneAreLeftAlone) {
  Screen& screen = NewScreen();
  const std::string id = Start(&screen);
  EXPECT_TRUE(Do(recorder_->Stop(id, "enough", {})).ok());
  std::ofstream(Directory() + "/odd.json") << "{";
  std::filesystem::copy(Directory() + "/" + id + ".json", Directory() + "/other.json");
  RecordingStore other(Context());
  EXPECT_TRUE(Do(other.Look()).ok());
  EXPECT_EQ(other.all().size(), 1u);
  EXPECT_EQ(other.problems().size(), 2u);
  EXPECT_TRUE(std::filesystem::exists(Directory() + "/odd.json"));
}

TEST(RecordingNames, OnlyTheirOwn) {
  EXPECT_EQ(RecordingIdOf("nodes/n1/recordings/20261129-174500-1a2b3c4d"),
            "20261129-174500-1a2b3c4d");
  for (const char* name : {"", "nodes/n1/recordings/", "nodes/n1/sessions/a", "nodes//recordings/a",
                           "nodes/n1/recordings/..", "nodes/n1/recordings/A",
                           "nodes/n1/recordings/-a", "nodes/n1/recordings/a/b"}) {
    EXPECT_EQ(RecordingIdOf(name), "") << name;
  }
}

}  // namespace
}  // namespace mosh::mgmt
