#include "plan/file/records.h"

namespace temper {
namespace {

constexpr std::size_t kText = 4;
constexpr std::size_t kNumber = 8;

template <class List, class Write>
void write_list(ByteWriter& to, const List& list, Write&& write) {
  to.count(list.size());
  for (const auto& item : list) write(item);
}

/// `read` gives an item, which takes at least `least_bytes`.
template <class T, class Read>
std::vector<T> read_list(ByteReader& from, std::size_t least_bytes, Read&& read) {
  std::vector<T> list;
  const std::size_t count = from.count(least_bytes);
  for (std::size_t i = 0; i < count; ++i) list.push_back(read());
  return list;
}

std::int64_t read_amount(ByteReader& from, std::string_view what) {
  const auto amount = from.get<std::int64_t>();
  require(amount >= 0, "its {} is {}", what, amount);
  return amount;
}

/// Calls `field` with the name of each field of the info and the field.
template <class Info, class Field>
void text_fields(Info& info, Field&& field) {
  field("temper_version", info.temper_version);
  field("cpu", info.cpu);
  field("isa", info.isa);
  field("precision", info.precision);
  field("source_path", info.source_path);
  field("source_hash", info.source_hash);
}

template <class Info, class Field>
void number_fields(Info& info, Field&& field) {
  field("threads", info.threads);
  field("max_batch", info.max_batch);
  field("workspace_limit_bytes", info.workspace_limit_bytes);
  field("memory_limit_bytes", info.memory_limit_bytes);
  field("arena_bytes", info.arena_bytes);
  field("weights_bytes", info.weights_bytes);
  field("peak_bytes", info.peak_bytes);
}

}  // namespace

std::string write_tactics(const std::vector<Tactic>& tactics) {
  ByteWriter to;
  write_list(to, tactics, [&](const Tactic& tactic) {
    to.text(tactic.kernel);
    to.put(tactic.time_ns);
    write_list(to, tactic.others, [&](const Candidate& other) {
      to.text(other.kernel);
      to.put(other.time_ns);
      to.text(other.refusal);
    });
  });
  return to.bytes();
}

std::vector<Tactic> read_tactics(ByteReader& from) {
  return read_list<Tactic>(from, kText + kNumber + kText, [&] {
    Tactic tactic{std::string(from.text()), read_amount(from, "time of a kernel")};
    tactic.others = read_list<Candidate>(from, kText + kNumber + kText, [&] {
      Candidate other{std::string(from.text()), read_amount(from, "time of a kernel"), {}};
      other.refusal = from.text();
      return other;
    });
    return tactic;
  });
}

std::string write_profile(const std::vector<InputProfile>& profile) {
  ByteWriter to;
  write_list(to, profile, [&](const InputProfile& input) {
    to.text(input.name);
    write_list(to, input.dims, [&](const DimRange& range) {
      to.put(range.min);
      to.put(range.opt);
      to.put(range.max);
    });
  });
  return to.bytes();
}

std::vector<InputProfile> read_profile(ByteReader& from) {
  return read_list<InputProfile>(from, 2 * kText, [&] {
    InputProfile input{std::string(from.text()), {}};
    input.dims = read_list<DimRange>(from, 3 * kNumber, [&] {
      DimRange range;
      range.min = from.get<std::int64_t>();
      range.opt = from.get<std::int64_t>();
      range.max = from.get<std::int64_t>();
      return range;
    });
    return input;
  });
}

std::string write_passes(const std::vector<PassNote>& passes) {
  ByteWriter to;
  write_list(to, passes, [&](const PassNote& pass) {
    to.text(pass.name);
    to.put(pass.patch_count);
    write_list(to, pass.skips, [&](const auto& skip) {
      to.text(skip.first);
      to.put(skip.second);
    });
  });
  return to.bytes();
}

std::vector<PassNote> read_passes(ByteReader& from) {
  return read_list<PassNote>(from, kText + kNumber + kText, [&] {
    PassNote pass{std::string(from.text()), read_amount(from, "count of patches")};
    const std::size_t count = from.count(kText + kNumber);
    for (std::size_t i = 0; i < count; ++i) {
      std::string reason(from.text());
      pass.skips[std::move(reason)] = read_amount(from, "count of skips");
    }
    return pass;
  });
}

std::string write_info(const PlanInfo& info) {
  std::map<std::string, std::string> texts;
  std::map<std::string, std::int64_t> numbers;
  text_fields(info, [&](const char* name, const std::string& field) { texts[name] = field; });
  number_fields(info, [&](const char* name, auto field) { numbers[name] = field; });
  ByteWriter to;
  const auto write_texts = [&](const auto& map) {
    write_list(to, map, [&](const auto& entry) {
      to.text(entry.first);
      to.text(entry.second);
    });
  };
  write_texts(texts);
  write_list(to, numbers, [&](const auto& entry) {
    to.text(entry.first);
    to.put(entry.second);
  });
  write_texts(info.notes);
  return to.bytes();
}

PlanInfo read_info(ByteReader& from) {
  const auto read_texts = [&] {
    std::map<std::string, std::string> texts;
    const std::size_t count = from.count(2 * kText);
    for (std::size_t i = 0; i < count; ++i) {
      std::string name(from.text());
      texts[std::move(name)] = from.text();
    }
    return texts;
  };
  PlanInfo info;
  const auto texts = read_texts();
  text_fields(info, [&](const char* name, std::string& field) {
    if (const auto found = texts.find(name); found != texts.end()) field = found->second;
  });
  std::map<std::string, std::int64_t> numbers;
  const std::size_t count = from.count(kText + kNumber);
  for (std::size_t i = 0; i < count; ++i) {
    std::string name(from.text());
    numbers[std::move(name)] = read_amount(from, "info");
  }
  number_fields(info, [&](const char* name, auto& field) {
    const auto found = numbers.find(name);
    if (found == numbers.end()) return;
    require(std::in_range<std::remove_reference_t<decltype(field)>>(found->second), "its {} is {}", name, found->second);
    field = static_cast<std::remove_reference_t<decltype(field)>>(found->second);
  });
  info.notes = read_texts();
  return info;
}

}  // namespace temper
