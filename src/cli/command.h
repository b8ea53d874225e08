#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// Enters a command into command_table(), which is generated from these lines: one a line, in a .cc under src/cli.
#define REGISTER_COMMAND(Name)                       \
  void register_command_##Name(CommandTable& table); \
  void register_command_##Name(CommandTable& table) { table.add<Name>(); }

namespace CLI {
class App;
}

namespace temper {

/// What the program says to the one who started it.
enum class ExitCode {
  kDone = 0,
  kPartly = 1,       ///< done, but inputs were skipped or a check failed
  kUserMustAct = 2,  ///< a file, an option or the machine is not as needed
  kDefect = 3        ///< ours
};

/// A command of the program: a struct that derives from this and has
///     static constexpr std::string_view kName, kSummary (one line), kExample (a command line and, below it, what it
///     does)
class Command {
 public:
  virtual ~Command() = default;
  /// Declares options and arguments; they are bound to members.
  virtual void declare(CLI::App& app) = 0;
  /// Throws as the library does.
  virtual ExitCode run() = 0;
};

class CommandTable {
 public:
  struct Entry {
    std::string_view name;
    std::string_view summary;
    std::string_view example;
    std::unique_ptr<Command> (*make)();
  };

  template <class T>
  void add() {
    entries_.push_back(
        {T::kName, T::kSummary, T::kExample, [] { return std::unique_ptr<Command>(std::make_unique<T>()); }});
  }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

/// Every command under src/cli. Its list is generated from their REGISTER_COMMAND lines when the project is built.
const CommandTable& command_table();

}  // namespace temper
