# SPDX-License-Identifier: MIT
"""An authority and what it signs, by the openssl program."""

import subprocess

KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']


def openssl(*args):
    subprocess.run(['openssl', *args], check=True, capture_output=True)


def certificate(directory, file, subject, *, names=None, signed=True):
    """FILE.pem has the certificate and its key."""
    path = f'{directory}/{file}.pem'
    cert, key = f'{directory}/{file}.crt', f'{directory}/{file}.key'
    args = ['req', '-x509', *KEY, '-subj', f'/CN={subject}', '-days', '2',
            '-keyout', key, '-out', cert]
    if signed:
        args += ['-CA', f'{directory}/ca.crt', '-CAkey', f'{directory}/ca.key',
                 '-addext', 'basicConstraints=critical,CA:FALSE']
    if names:
        args += ['-addext', f'subjectAltName={names}']
    openssl(*args)
    with open(path, 'w') as out:
        for part in (cert, key):
            with open(part) as text:
                out.write(text.read())
    return path


def make(directory):
    """Paths by name."""
    return {
        'ca': certificate(directory, 'ca', 'test authority', signed=False),
        'good': certificate(directory, 'good', 'good',
                            names='DNS:localhost,IP:127.0.0.1'),
        'other': certificate(directory, 'other', 'other',
                             names='DNS:other.test'),
        'alice': certificate(directory, 'alice', 'alice'),
    }
