#include "mgmt/agent/mailbox.h"

#include <memory>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "io/create_reactor.h"
#include "io/event.h"
#include "io/scope.h"
#include "mgmt/agent/worker.h"

namespace mosh::mgmt {
namespace {

struct Loop {
  std::unique_ptr<io::Reactor> reactor = *io::CreateReactor();
  std::unique_ptr<Mailbox> mailbox = *Mailbox::Create(reactor.get());
};

io::Task<void> RunUntil(Mailbox* mailbox, io::Event* done) {
  io::Scope scope;
  scope.Spawn(mailbox->Run(scope.token()));
  (void)co_await done->Wait();
  co_await scope.CancelAndJoin();
}

TEST(Mailbox, RunsLettersOfOtherThreadsInOrderInTheLoop) {
  Loop loop;
  io::Event done;
  std::string order;
  const std::thread::id here = std::this_thread::get_id();
  std::thread other([&] {
    for (char c = 'a'; c <= 'e'; ++c) {
      loop.mailbox->Post([&, c] {
        EXPECT_EQ(std::this_thread::get_id(), here);
        order += c;
        if (c == 'e') done.Set();
      });
    }
  });
  loop.reactor->Run(RunUntil(loop.mailbox.get(), &done));
  other.join();
  EXPECT_EQ(order, "abcde");
}

TEST(Mailbox, RunsWhatCameBeforeItClosedAndRefusesTheRest) {
  Loop loop;
  io::Event done;
  int ran = 0;
  loop.mailbox->Post([&] {
    done.Set();
    loop.mailbox->Post([&] { ++ran; });
  });
  loop.reactor->Run(RunUntil(loop.mailbox.get(), &done));
  EXPECT_EQ(ran, 1);
  EXPECT_FALSE(loop.mailbox->Post([&] { ++ran; }));
  EXPECT_EQ(ran, 1);
}

io::Task<void> Ask(Worker* worker, io::Event* done, std::thread::id* who) {
  *who = co_await worker->Run<std::thread::id>([] { return std::this_thread::get_id(); });
  done->Set();
}

io::Task<void> AskAndRun(Mailbox* mailbox, Worker* worker, std::thread::id* who) {
  io::Event done;
  io::Scope scope;
  scope.Spawn(mailbox->Run(scope.token()));
  scope.Spawn(Ask(worker, &done, who));
  (void)co_await done.Wait();
  co_await scope.CancelAndJoin();
}

TEST(Worker, DoesTheJobInItsOwnThread) {
  Loop loop;
  Worker worker(loop.mailbox.get());
  std::thread::id who;
  loop.reactor->Run(AskAndRun(loop.mailbox.get(), &worker, &who));
  EXPECT_NE(who, std::thread::id());
  EXPECT_NE(who, std::this_thread::get_id());
}

}  // namespace
}  // namespace mosh::mgmt
