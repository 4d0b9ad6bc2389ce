// A second real server beside the tests' own, to be broken, copied and swapped. Of the same major.
#pragma once

#include "reconcilers/ports/database.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace djdb::postgres {

/// As the server shows it, or a client: certificate and key in PEM form.
struct KeyPair {
    std::string certificate;
    Sensitive key;
};

class SpareServer {
  public:
    /// Made now, with an administrator of its own.
    explicit SpareServer(std::string name);
    SpareServer(const SpareServer&) = delete;
    SpareServer& operator=(const SpareServer&) = delete;
    /// Nothing of it is left.
    ~SpareServer();

    enum class Copy {
        Cold,     ///< of a stopped server
        Standby,  ///< the same; only reads, and follows nobody
        Frozen,   ///< of a running one, as a snapshot of its disk has it
        Backup,   ///< a base backup of a running one, to be restored
    };
    /// A server of its own from the data of `source`.
    SpareServer(std::string name, const SpareServer& source, Copy copy);
    /// Of a Backup: starts it as `source` was at this restore point, on a timeline of its own.
    void restore(const SpareServer& source, const std::string& moment) const;

    void stop() const;
    void start() const;
    void restart() const;
    /// First column of the first row, "" when none.
    std::string as_superuser(const std::string& sql, const std::string& database = "postgres")
        const;
    /// ALTER SYSTEM and a reload; for settings that need no restart, or with restart() behind it.
    void set(const std::string& name, const std::string& value) const;
    void reset(const std::string& name) const;
    /// For a server that nobody can log in to: a line of its configuration, from the next start on.
    void set_in_file(const std::string& line) const;
    /// Of its administrator.
    void set_password(const Sensitive& password) const;
    /// These lines before all others of pg_hba.conf, until the next start.
    void set_access_rules(const std::string& lines) const;

    /// How its administrator reaches it.
    [[nodiscard]] ServerAccess access() const;
    [[nodiscard]] std::string socket() const;
    /// Signed by the server's own CA. @param names as in OpenSSL's configuration, "DNS:localhost"
    /// @param days from now, -1 for yesterday
    [[nodiscard]] KeyPair sign(const std::string& names, int days) const;
    /// Its own CA, key and all, as it will be once it has expired.
    [[nodiscard]] std::string expired_ca() const;
    /// The server shows it from now on.
    void show(const KeyPair&) const;
    void show_its_own() const;
    /// Clients' certificates are accepted that its own CA signed.
    void trust_its_own_ca() const;

  private:
    /// Where it is: the same for its whole life.
    void read_settings();
    void run(const std::string& verb_and_options) const;

    std::string name_;
    std::filesystem::path folder_;
    std::map<std::string, std::string> settings_;
};

/// The one that tests share, made at its first use.
SpareServer& spare();

/// The command's output; a failed command fails the test.
std::string output_of(const std::string& command);

}  // namespace djdb::postgres
