/**
 * The faults a pillar, its hub and their people may meet, by group.
 *
 * A table: one line for each fault, in the order of its group.
 */

interface Group {
  readonly group: string;
  readonly faults: readonly (readonly [id: string, what: string])[];
}

export const CATALOGUE: readonly Group[] = [
  {
    group: "A. Power and process",
    faults: [
      [
        "A1",
        "Power cut at each step: edge seen / before commit / mid-commit / after commit / after publish / after PUBACK / after app-ack / after marking acked",
      ],
      ["A2", "Power cut 1, 5, 20, 50 ms after the edge; supply hold-up model"],
      ["A3", "Boot loop: power cut every 1-30 s, 1,000 times, with presses between"],
      ["A4", "kill -9 agent at random instants, 500 times"],
      ["A5", "kill -9 hub between insert, commit, ack"],
      ["A6", "kill -9 broker (external mosquitto)"],
      ["A7", "kill -9 ffmpeg, recorder worker, DB writer worker"],
      ["A8", "SIGSTOP agent 5 s / 60 s / 10 min then CONT"],
      ["A9", "Event loop blocked (busy 20 s) while systemd pet timer still runs"],
      ["A10", "Process up but never 'armed' (bad config, bad disk)"],
      ["A11", "OOM kill of hub and of agent"],
      ["A12", "fd exhaustion"],
      ["A13", "Uncaught exception and unhandled rejection injected in each module"],
    ],
  },
  {
    group: "B. Disk and storage",
    faults: [
      ["B1", "Disk full on pillar"],
      ["B2", "Disk full on hub"],
      ["B3", "Filesystem turns read-only (both)"],
      ["B4", "EIO on fsync call n, for n = 1..N"],
      ["B5", "ENOSPC on write n"],
      ["B6", "fsync takes 20 ms / 1 s / 30 s"],
      ["B7", "Short write, EINTR"],
      [
        "B8",
        "Corrupt tail of WAL, db, journal, outbox: truncate at every byte of the last 4 KiB; flip each bit of the last page",
      ],
      ["B9", "Missing -wal, stale -shm, db replaced by an older copy"],
      ["B10", "Restore from a backup 10 min, 1 day old"],
      ["B11", "Backup taken during a burst; restored and checked"],
      ["B12", "SD card dies (all writes EIO for ever)"],
      ["B13", "Schema migration killed at each statement"],
      ["B14", "Postgres: kill -9, fsync=off configured, standby read"],
    ],
  },
  {
    group: "C. Clock",
    faults: [
      ["C1", "Step +1 day, -1 day, to 1970, to 2106, DST, leap second; at every state"],
      ["C2", "Pillar without RTC and without NTP for 30 days"],
      ["C3", "Drift ±500 ppm, hub and pillar apart 10 min"],
      ["C4", "Monotonic jump over suspend; boottime offset"],
      ["C5", "Two hubs disagree by 5 s"],
      ["C6", "Fake NTP serving the past to revive an expired/revoked certificate"],
    ],
  },
  {
    group: "D. Network",
    faults: [
      ["D1", "Cable out 1 s / 1 min / 30 days, with presses"],
      ["D2", "5, 15, 30, 50 % loss both ways"],
      ["D3", "Jitter 20-800 ms, reorder 25 %, duplicate 5 %"],
      ["D4", "Bandwidth 32 kbit/s"],
      ["D5", "Half-open TCP (peer gone, no RST)"],
      ["D6", "One-way partition each direction (asymmetric)"],
      ["D7", "Split network: pillar reaches broker but broker does not reach hub"],
      ["D8", "Swizzle-clog: clog links one by one, unclog in random order"],
      ["D9", "Flap every 2 s for an hour"],
      ["D10", "DNS fails, times out, wrong address, TTL 0"],
      ["D11", "DHCP address change, NAT rebinding at 30 s"],
      ["D12", "MTU black hole (1,280)"],
      ["D13", "Middlebox resets every connection after 10 s"],
      ["D14", "Captive portal / TLS interception"],
    ],
  },
  {
    group: "E. Hub and broker",
    faults: [
      ["E1", "Hub restart with 1,000 unacked alarms"],
      ["E2", "aedes error event, persistence throwing"],
      ["E3", "Regression: overtaken message (aedes #955/#994)"],
      ["E4", "Regression: QoS 2 store-then-fail"],
      ["E5", "Frozen subscriber on broker; frozen WebSocket console"],
      ["E6", "CONNACK 3/4/5 for 10 min, then ok"],
      ["E7", "Broker accepts but never CONNACKs / never PUBACKs / PUBACKs and drops"],
      ["E8", "Two hubs active at once (failover)"],
      ["E9", "External broker loses its data directory"],
      ["E10", "Hub DB locked by another process 30 s"],
      ["E11", "Downgrade and upgrade across versions with pending alarms"],
    ],
  },
  {
    group: "F. Messages",
    faults: [
      ["F1", "Each message duplicated 0-5 times"],
      ["F2", "Any subset of messages dropped, fair-lossy"],
      ["F3", "Any permutation within a window of 64"],
      ["F4", "Replay of a whole captured day after reboot, after re-enrolment, to another hub"],
      [
        "F5",
        "Bit flips in payload (1 M), truncated JSON/CBOR, deep nesting, huge numbers, lone surrogates, __proto__ keys",
      ],
      ["F6", "Same seq, other content"],
      ["F7", "seq jump +1, +1e9, back to 0, > 2^53"],
      ["F8", "Ack for an event never sent; ack signed by wrong key"],
      ["F9", "Unknown message version / field"],
    ],
  },
  {
    group: "G. Device link attacks",
    faults: [
      [
        "G1",
        "No cert, wrong CA, expired, not yet valid, wrong EKU, revoked, self-signed with same CN",
      ],
      ["G2", "Pillar A publishes/subscribes as B, #, +, $SYS, $share"],
      ["G3", "A connects with B's client id"],
      ["G4", "Revoke while connected, while in a call"],
      ["G5", "TLS resumption after revocation"],
      ["G6", "Expired CRL / unreachable status source"],
      ["G7", "Stolen enrolment code, reused, after 30 min, in parallel, brute force"],
      ["G8", "Cloned device key on two machines"],
      ["G9", "Man in the middle with a valid certificate of *another pillar* acting as hub"],
      ["G10", "TLS downgrade, weak suites, renegotiation flood"],
      ["G11", "Malicious hub config push (unsigned, older version, wrong pillar)"],
    ],
  },
  {
    group: "H. Flood and exhaustion",
    faults: [
      ["H1", "MQTT: remaining length 256 MB pre-auth, x 100 sockets"],
      ["H2", "MQTT fuzz: every packet type, flags, lengths; mutated corpora 1 M cases"],
      ["H3", "10 k publish/s from one valid pillar"],
      ["H4", "5,000 half-open TLS handshakes; 1 byte/10 s"],
      ["H5", "HTTP slowloris headers, body, slow read"],
      ["H6", "100 MB body, 10 k headers, chunked nonsense, smuggling pairs"],
      ["H7", "WS: 64 MB frame, fragmented forever, compression bomb"],
      ["H8", "Deep topics, prototype names, half-open QoS 2 (three aedes advisories)"],
      ["H9", "Log flood with hostile strings"],
      ["H10", "Login brute force / credential stuffing / lock-out abuse of a dispatcher on duty"],
      ["H11", "Regex/JSON/CSV bombs in free text and search"],
    ],
  },
  {
    group: "I. Console and API",
    faults: [
      [
        "I-1",
        "XSS in every text an outsider controls: pillar name, notes, event text, file names, SDP strings, user agent",
      ],
      ["I-2", "CSRF on each route and WS hijack from another origin"],
      ["I-3", "IDOR: each role x route x foreign object (generated)"],
      [
        "I-4",
        "Path traversal, symlink, NUL, UTF-8 overlong, ..%2f, Windows names, range requests in recordings",
      ],
      ["I-5", "Log and CSV injection (CRLF, ANSI, =cmd)"],
      [
        "I-6",
        "Session token stolen: used from elsewhere, after logout, after role change, after disable",
      ],
      ["I-7", "OIDC: wrong issuer, nonce, aud, alg none, mix-up, replayed code, IdP down"],
      ["I-8", "WebAuthn: wrong origin, replayed challenge, cloned counter, UV missing"],
      ["I-9", "Two operators accept at once; accept after close; double click x 50"],
      ["I-10", "Privilege by mass assignment, type confusion, prototype pollution"],
      ["I-11", "SSRF through webhook/escalation URL"],
      ["I-12", "Browser offline, sleeping tab, muted tab, 20 tabs, wrong clock"],
      ["I-13", "Insider: admin listens without incident; deletes evidence; edits audit row in SQL"],
    ],
  },
  {
    group: "J. Media",
    faults: [
      ["J1", "Malformed SDP (mutations, 10 MB, 10,000 m-lines/candidates)"],
      ["J2", "Random, STUN-, DTLS-, RTP-like UDP 60 k/s to media ports"],
      ["J3", "SRTP replay and RTP injection, wrong SSRC, ROC jump"],
      ["J4", "DTLS ClientHello race; fingerprint mismatch; wrong role"],
      ["J5", "SDP from someone not the hub; forged listen command; replayed media token"],
      ["J6", "Incident closed / operator logged out / revoked during a call"],
      ["J7", "30 % loss, 300 ms jitter in a call"],
      ["J8", "ffmpeg hangs, floods stderr, device unplugged, wrong format"],
      ["J9", "TURN used to reach internal addresses"],
      ["J10", "Recorder disk slow/full in a call"],
    ],
  },
  {
    group: "K. Scale",
    faults: [
      ["K1", "1,000 pillars press within 1 s"],
      ["K2", "1,000 presses with 20 ms fsync"],
      ["K3", "10,000 pillars reconnect at once; with and without jitter; hub just restarted"],
      ["K4", "10,000 pillars x heartbeat 10 s for 1 h"],
      ["K5", "100 consoles, 20 frozen, 500 open incidents"],
      ["K6", "5 million journal rows: start, search, verify, export"],
      ["K7", "Alarm storm + herd + flood at once"],
    ],
  },
  {
    group: "L. Button, I/O board, Modbus",
    faults: [
      ["L1", "Bounce 0.1-20 ms trains, EMI spikes < 1 ms, long press, 20 presses/s"],
      ["L2", "Stuck closed for hours; line cut; line short (with supervised pair)"],
      [
        "L3",
        "Modbus: CRC error, short, long, late, echo, wrong unit, exception, garbage between frames, two masters, 30 % noise",
      ],
      ["L4", "Serial port vanishes and returns as another name; board reboots"],
      ["L5", "Poll missed because the event loop is busy"],
      ["L6", "GPIO event buffer overrun (kernel seqno gap)"],
      ["L7", "Speaker/mic/camera absent or swapped"],
      ["L8", "Tamper switch, low battery, over-temperature storms"],
    ],
  },
  {
    group: "M. Evidence",
    faults: [
      ["M1", "Flip every bit of a small bundle, one at a time"],
      ["M2", "Drop, swap, duplicate, insert record/fragment; truncate at end"],
      ["M3", "Rewrite the whole chain with the hub key (insider)"],
      ["M4", "Re-encode, remux, trim media"],
      ["M5", "Power cut while recording, at each fragment step"],
      ["M6", "Export during recording, during retention job, cancelled, twice"],
      ["M7", "Key rolled, certificate expired or revoked after signing"],
      ["M8", "TSA down 7 days, lying TSA, wrong nonce"],
      ["M9", "Retention vs lock race"],
      ["M10", "Verifier fed hostile bundles (zip slip, bombs, XSS in names)"],
    ],
  },
  {
    group: "N. People and escalation",
    faults: [
      [
        "N1",
        "Nobody answers; all consoles closed; only muted tabs; operator dies after accept (no presence 30 s)",
      ],
      ["N2", "Escalation target down (SMS/phone/webhook 500, slow, redirect)"],
      ["N3", "Hub restarts at every escalation step; timer rows due in the past"],
      ["N4", "200 simultaneous incidents, 3 operators"],
      ["N5", "Test press and real press together"],
      ["N6", "False close: caller presses again 5 s after close"],
    ],
  },
  {
    group: "O. Soak and supply chain",
    faults: [
      ["O1", "8 h at 50x load, faults every minute; heap snapshots"],
      ["O2", "1,000,000 connect/disconnect, 1,000,000 calls set up/torn down (mock media)"],
      ["O3", "Update killed at every step; new version that never becomes armed"],
      ["O4", "Dependency audit, SBOM, licence, no postinstall download, lockfile only"],
      ["O5", "Mutation testing of protocol core"],
      ["O6", "Determinism: same seed twice, on two Node versions, gives the same trace hash"],
      [
        "O7",
        "Canary bugs: each of 20 known bugs (ack before commit, dedup by time, wall-clock deadline, QoS 1 trust, ...) re-inserted by flag",
      ],
    ],
  },
];
