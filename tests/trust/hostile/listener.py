"""A listener on this machine that hostile texts point at: whoever connects is counted, and nobody should."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Listener:
    """Counts connections, and answers each with a redirect to itself."""

    def __init__(self, door: socket.socket) -> None:
        self.door, self.connections = door, 0
        self.port: int = door.getsockname()[1]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def listen(self) -> None:
        """Take connections until the door is shut."""
        while True:
            try:
                peer, _ = self.door.accept()
            except OSError:
                return
            self.connections += 1
            with peer:
                again = f"HTTP/1.0 302 Found\r\nLocation: http://{self.address}/again\r\nContent-Length: 0\r\n\r\n"
                peer.sendall(again.encode())


@contextmanager
def listening() -> Iterator[Listener]:
    """Listen in a thread for the block."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen(64)
        listener = Listener(door)
        thread = threading.Thread(target=listener.listen, daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            door.shutdown(socket.SHUT_RDWR)
    thread.join(5)
