import { Alert, Button, Form, Modal, Progress, Select } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Refused, send, type Schemas } from '../../api/client'
import { problemText } from '../../kit/problem'
import { bytesText } from '../seller/upload'

type Document = Schemas['DocumentView']
export type Sent = { id: string; kind: string }

/** A file of a case: looked at where that is safe, else downloaded. */
export function FileLink({ of }: { of: Document }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  return (
    <span>
      {of.preview ? (
        <button type="button" className="link" onClick={() => setOpen(true)}>
          {of.name}
        </button>
      ) : (
        <a href={of.url} download>
          {of.name}
        </a>
      )}{' '}
      <span className="dim">
        {t(`evidence.${of.kind}`)} · {bytesText(of.length)}
      </span>
      <Modal
        open={open}
        title={of.name}
        footer={
          <a href={of.url} download={of.name}>
            {t('supervision.download')}
          </a>
        }
        onCancel={() => setOpen(false)}
        width={860}
        destroyOnHidden
      >
        {of.preview === 'picture' ? (
          <img src={of.url} alt={of.name} style={{ maxWidth: '100%' }} />
        ) : (
          <iframe
            src={of.url}
            title={of.name}
            style={{ width: '100%', height: '60vh', border: '1px solid var(--line)' }}
          />
        )}
      </Modal>
    </span>
  )
}

const endings = '.pdf,.doc,.docx,.xls,.xlsx,.png,.jpg,.jpeg,.txt,.zip,.rar,.lic'

/** Files that go with an action: each kind that it asks for, how many at least, and how far each is sent. */
function FileField({
  id,
  side,
  asked,
  value = [],
  onChange,
}: {
  id: string
  side: string
  asked: Schemas['EvidenceView'][]
  value?: Document[]
  onChange?: (files: Document[]) => void
}) {
  const { t } = useTranslation()
  const [kind, setKind] = useState(asked[0]?.kind ?? 'other')
  const [sent, setSent] = useState<number | null>(null)
  const [wrong, setWrong] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const chosen = useRef(value)
  chosen.current = value
  const take = async (files: FileList | null) => {
    setWrong('')
    for (const file of [...(files ?? [])]) {
      setSent(0)
      try {
        const query = new URLSearchParams({ as: side, kind, name: file.name })
        const sending = await send(`/api/v1/supervision/${id}/documents?${query}`, file, (n) =>
          setSent(Math.floor((100 * n) / Math.max(file.size, 1))),
        )
        chosen.current = [...chosen.current, (await sending.done) as Document]
        onChange?.(chosen.current)
      } catch (e) {
        setWrong(`${file.name}: ${e instanceof Refused ? problemText(t, e.problem) : t('problem.network')}`)
      }
    }
    setSent(null)
    if (input.current) input.current.value = ''
  }
  const needed = asked.filter((e) => e.min > 0)
  return (
    <div>
      {needed.length > 0 && (
        <ul style={{ margin: '0 0 8px', paddingInlineStart: 20 }}>
          {needed.map((e) => {
            const there = value.filter((d) => d.kind === e.kind).length
            return (
              <li key={e.kind}>
                {there >= e.min ? '✓ ' : ''}
                {t(`evidence.${e.kind}`)} {there} / {e.min}
              </li>
            )
          })}
        </ul>
      )}
      <div className="row">
        <Select
          aria-label={t('supervision.kind_of_file')}
          value={kind}
          onChange={setKind}
          style={{ minWidth: 180 }}
          options={asked.map((e) => ({ value: e.kind, label: t(`evidence.${e.kind}`) }))}
        />
        <input
          ref={input}
          type="file"
          multiple
          accept={endings}
          style={{ display: 'none' }}
          aria-label={t('supervision.files')}
          onChange={(e) => void take(e.target.files)}
        />
        <Button onClick={() => input.current?.click()} loading={sent !== null}>
          {t('supervision.add_files')}
        </Button>
      </div>
      {sent !== null && <Progress percent={sent} aria-label={t('assets.sending')} />}
      {wrong && <Alert style={{ marginTop: 8 }} type="error" showIcon title={wrong} role="status" />}
      <ul style={{ margin: '8px 0 0', paddingInlineStart: 20 }}>
        {value.map((d) => (
          <li key={d.id}>
            <FileLink of={d} />{' '}
            <button
              type="button"
              className="link"
              aria-label={`${t('action.remove')} ${d.name}`}
              onClick={() => onChange?.(value.filter((other) => other.id !== d.id))}
            >
              {t('action.remove')}
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** The same as a field of a form. */
export const FilesItem = (props: { id: string; side: string; asked: Schemas['EvidenceView'][] }) => {
  const { t } = useTranslation()
  if (props.asked.length === 0) return null
  return (
    <Form.Item name="documents" label={t('supervision.files')} extra={t('supervision.files_hint')}>
      <FileField {...props} />
    </Form.Item>
  )
}

/** Files as an action names them. */
export const named = (files?: Document[]): Sent[] => (files ?? []).map((d) => ({ id: d.id, kind: d.kind }))
