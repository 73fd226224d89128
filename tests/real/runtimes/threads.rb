# SPDX-License-Identifier: MIT
# Threads that count, talk, wait for a time and for programs, and compute.
require 'socket'
require 'timeout'

count = 0
lock = Mutex.new
20.times.map { Thread.new { 200.times { lock.synchronize { count += 1 } } } }
  .each(&:join)
puts count

server = TCPServer.new('127.0.0.1', 0)
Thread.new do
  loop { Thread.new(server.accept) { |s| IO.copy_stream(s, s) } }
end
said = 20.times.map do |n|
  Thread.new do
    s = TCPSocket.new('127.0.0.1', server.addr[1])
    20.times.map { |i| s.puts "#{n} #{i}"; s.gets }.uniq.size
  end
end
puts said.sum(&:value)

begin
  Timeout.timeout(0.05) { nil while true }
rescue Timeout::Error
  puts 'in time'
end

puts 4.times.map { |n| Thread.new { system("exit #{n}"); $?.exitstatus } }
  .sum(&:value)
puts 4.times.map { Thread.new { (0...200_000).sum { |i| i & 3 } } }.sum(&:value)
sleeper = Thread.new { sleep rescue $!.message }
Thread.pass until sleeper.stop?
sleeper.raise('woken')
puts sleeper.value
exit 5
