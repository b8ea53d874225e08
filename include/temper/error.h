#pragma once
#include <exception>
#include <string>

namespace temper {

/// Base of everything Temper throws. The message reads from the outermost context to the cause, separated by ": ".
class Error : public std::exception {
 public:
  explicit Error(std::string message) : message_(std::move(message)) {}

  const char* what() const noexcept override { return message_.c_str(); }

  /// Prefixes the message with where the error was met, for example a file, then a node; not where it says so already.
  void add_context(const std::string& context) {
    if (!message_.starts_with(context + ": ")) message_ = context + ": " + message_;
  }

 private:
  std::string message_;
};

/// The file or the request cannot be served; the user must act. The message says what was found, needed, and what to do.
class ModelError : public Error {
 public:
  using Error::Error;
};

/// The environment lacks something the request needs: a device, a library, memory.
class DeviceError : public Error {
 public:
  using Error::Error;
};

/// A defect in Temper itself. No input may cause it.
class InternalError : public Error {
 public:
  using Error::Error;
};

}  // namespace temper
